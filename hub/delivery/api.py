"""The HTTP interface of deliveries: list them, retry one, settle a doubtful one.

A `delivery_id` in a path is the id of the delivery's message.
"""

from typing import Annotated
from uuid import UUID

from litestar import Router, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta, Struct

from hub.access.guard import CurrentViewer, needs
from hub.access.rights import Right
from hub.delivery.errors import DeliveryNotDoubtful, DeliveryNotRepeatable
from hub.delivery.models import DeliveryState
from hub.delivery.outcome import send_again, settle_manually
from hub.delivery.queries import DeliveryItem, DeliveryPage, State, deliveries, delivery_item, lock_delivery
from hub.delivery.worker import TOPIC
from hub.runtime.context import publish_on_commit
from hub.runtime.http import Session

READS = [needs(Right.DELIVERIES_READ)]

WRITES = [needs(Right.DELIVERIES_READ, Right.DELIVERIES_WRITE)]

Limit = Annotated[int, Meta(ge=1, le=200)]

StateFilter = Annotated[State, QueryParameter(name="state")]  # Litestar reserves the argument name `state`


class Settlement(Struct, frozen=True, forbid_unknown_fields=True):
    """An agent's verdict on a doubtful message: whether it was sent."""

    sent: bool


@get("/deliveries", operation_id="listDeliveries", guards=READS)
async def list_deliveries(
    session: Session,
    viewer: CurrentViewer,
    state_filter: StateFilter = "doubtful",
    after: FromQuery[str | None] = None,
    limit: FromQuery[Limit] = 60,
) -> DeliveryPage:
    """List deliveries in a state, newest first; "due" includes deliveries being sent."""
    return await deliveries(session, viewer, state_filter, after=after, limit=limit)


@post("/deliveries/{delivery_id:uuid}/retry", operation_id="retryDelivery", guards=WRITES, status_code=200)
async def retry_delivery(session: Session, viewer: CurrentViewer, delivery_id: FromPath[UUID]) -> DeliveryItem:
    """Send a failed or doubtful message again, or a waiting one now."""
    delivery = await lock_delivery(session, viewer, delivery_id)
    if delivery.state not in {DeliveryState.DUE, DeliveryState.FAILED, DeliveryState.DOUBTFUL}:
        raise DeliveryNotRepeatable(state=delivery.state)
    await send_again(session, delivery, by=viewer.agent_id)
    publish_on_commit(session, TOPIC, b"")
    return await delivery_item(session, viewer, delivery_id)


@put("/deliveries/{delivery_id:uuid}/settlement", operation_id="settleDelivery", guards=WRITES)
async def settle_delivery(
    session: Session,
    viewer: CurrentViewer,
    delivery_id: FromPath[UUID],
    data: JSONBody[Settlement],
) -> DeliveryItem:
    """Record whether a doubtful message was sent."""
    delivery = await lock_delivery(session, viewer, delivery_id)
    if delivery.state is not DeliveryState.DOUBTFUL:
        raise DeliveryNotDoubtful(state=delivery.state)
    await settle_manually(session, delivery, sent=data.sent, by=viewer.agent_id)
    return await delivery_item(session, viewer, delivery_id)


router = Router(path="/api", route_handlers=[list_deliveries, retry_delivery, settle_delivery])
