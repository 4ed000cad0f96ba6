"""The HTTP interface of availability: whether an agent takes new work."""

from litestar import put
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK
from msgspec import Struct

from hub.access.guard import CurrentViewer, needs
from hub.access.rights import Right
from hub.events.definitions import Intent
from hub.routing.availability import set_intent
from hub.runtime.http import Session


class Availability(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether an agent takes new work: available, away (keeps their work) or offline."""

    intent: Intent


@put(
    "/api/me/availability",
    operation_id="set_availability",
    guards=[needs(Right.CONVERSATIONS_WRITE)],
    status_code=HTTP_200_OK,
)
async def set_availability(session: Session, viewer: CurrentViewer, data: JSONBody[Availability]) -> Availability:
    """Become available, away or offline."""
    await set_intent(session, viewer.agent_id, data.intent)
    return data
