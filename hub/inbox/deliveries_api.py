"""The console of the out-tray, and of arrivals that nobody could read: for supervisors."""

from typing import Annotated, Literal
from uuid import UUID

from litestar import Response, Router, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta, Struct

from hub.access.guard import CurrentViewer, needs
from hub.access.rights import Right
from hub.errors import Conflict
from hub.ground import tell
from hub.http import Grounded, Session, download
from hub.inbox.arrivals import again
from hub.inbox.console import (
    ArrivalPage,
    DeliveryItem,
    DeliveryPage,
    State,
    arrival,
    arrivals,
    deliveries,
    delivery_item,
    locked,
    raw_of,
)
from hub.inbox.delivery import TOPIC
from hub.inbox.settling import send_again, settle_by_hand

READS = [needs(Right.DELIVERIES_READ)]
WRITES = [needs(Right.DELIVERIES_READ, Right.DELIVERIES_WRITE)]

Limit = Annotated[int, Meta(ge=1, le=200)]
Standing = Annotated[State, QueryParameter(name="state")]  # `state` itself is Litestar's own
Quarantined = Annotated[Literal["quarantined"], QueryParameter(name="state")]


class Settlement(Struct, frozen=True, forbid_unknown_fields=True):
    """What a person found out about a doubtful message."""

    sent: bool


@get("/deliveries", operation_id="listDeliveries", guards=READS)
async def list_deliveries(
    session: Session,
    viewer: CurrentViewer,
    standing: Standing = "doubtful",
    after: FromQuery[str | None] = None,
    limit: FromQuery[Limit] = 60,
) -> DeliveryPage:
    """List messages on their way out, newest first; "due" has those under way as well."""
    return await deliveries(session, viewer, standing, after=after, limit=limit)


@post("/deliveries/{delivery_id:uuid}/retry", operation_id="retryDelivery", guards=WRITES, status_code=200)
async def retry_delivery(session: Session, viewer: CurrentViewer, delivery_id: FromPath[UUID]) -> DeliveryItem:
    """Send a failed or doubtful message again, or a waiting one at once."""
    delivery = await locked(session, viewer, delivery_id)
    if delivery.state not in {"due", "failed", "doubtful"}:
        raise Conflict(f"This message cannot be sent again: it is {delivery.state}.")
    await send_again(session, delivery, by=viewer.agent_id)
    tell(session, TOPIC, b"")
    return await delivery_item(session, viewer, delivery_id)


@put("/deliveries/{delivery_id:uuid}/settlement", operation_id="settleDelivery", guards=WRITES)
async def settle_delivery(
    session: Session,
    viewer: CurrentViewer,
    delivery_id: FromPath[UUID],
    data: JSONBody[Settlement],
) -> DeliveryItem:
    """Say what became of a doubtful message: it went out, or it did not."""
    delivery = await locked(session, viewer, delivery_id)
    if delivery.state != "doubtful":
        raise Conflict(f"This message is not doubtful any more: it is {delivery.state}.")
    await settle_by_hand(session, delivery, sent=data.sent, by=viewer.agent_id)
    return await delivery_item(session, viewer, delivery_id)


@get("/arrivals", operation_id="listArrivals", guards=READS)
async def list_arrivals(
    session: Session,
    viewer: CurrentViewer,
    standing: Quarantined = "quarantined",
    after: FromQuery[str | None] = None,
    limit: FromQuery[Limit] = 60,
) -> ArrivalPage:
    """List what arrived and could not be read, newest first."""
    return await arrivals(session, viewer, standing, after=after, limit=limit)


@post("/arrivals/{arrival_id:uuid}/retry", operation_id="retryArrival", guards=WRITES, status_code=204)
async def retry_arrival(
    session: Session,
    ground: Grounded,
    viewer: CurrentViewer,
    arrival_id: FromPath[UUID],
) -> None:
    """Take it in once more."""
    found = await arrival(session, viewer, arrival_id)
    if found.state != "quarantined":
        raise Conflict("This is not in quarantine any more.")
    await again(ground, arrival_id)


@get("/arrivals/{arrival_id:uuid}/raw", operation_id="readArrival", guards=READS)
async def read_arrival(
    session: Session,
    ground: Grounded,
    viewer: CurrentViewer,
    arrival_id: FromPath[UUID],
) -> Response[bytes]:
    """Download what arrived, byte for byte."""
    found = await arrival(session, viewer, arrival_id)
    return download(await raw_of(session, ground.files, found), filename=f"arrival-{found.id}.bin")


router = Router(
    path="/api",
    route_handlers=[
        list_deliveries,
        retry_delivery,
        settle_delivery,
        list_arrivals,
        retry_arrival,
        read_arrival,
    ],
)
