"""The HTTP interface of arrivals: list and retry quarantined ones, and download raw bytes."""

from typing import Annotated, Literal
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Meta
from sqlalchemy import select

from hub.access.guard import CurrentViewer, needs
from hub.access.rights import Right
from hub.intake.arrivals import retry
from hub.intake.errors import ArrivalNotQuarantined, OriginalNotKept, UnreadableNotVisible
from hub.intake.models import Arrival, ArrivalState
from hub.intake.queries import ArrivalPage, arrival, arrivals, raw_of
from hub.runtime.http import Context, Session, download
from hub.timeline import blobs
from hub.timeline.api import find_message

READS = [needs(Right.DELIVERIES_READ)]
WRITES = [needs(Right.DELIVERIES_READ, Right.DELIVERIES_WRITE)]

Limit = Annotated[int, Meta(ge=1, le=200)]
# Litestar reserves the argument name `state`.
Quarantined = Annotated[Literal["quarantined"], QueryParameter(name="state")]


@get("/arrivals", operation_id="listArrivals", guards=READS)
async def list_arrivals(
    session: Session,
    viewer: CurrentViewer,
    state_filter: Quarantined = "quarantined",
    after: FromQuery[str | None] = None,
    limit: FromQuery[Limit] = 60,
) -> ArrivalPage:
    """List quarantined arrivals, newest first; `after` is the previous page's `next`."""
    return await arrivals(session, viewer, ArrivalState(state_filter), after=after, limit=limit)


@post("/arrivals/{arrival_id:uuid}/retry", operation_id="retryArrival", guards=WRITES, status_code=204)
async def retry_arrival(
    session: Session,
    context: Context,
    viewer: CurrentViewer,
    arrival_id: FromPath[UUID],
) -> None:
    """Process a quarantined arrival again."""
    found = await arrival(session, viewer, arrival_id)
    if found.state is not ArrivalState.QUARANTINED:
        raise ArrivalNotQuarantined
    await retry(context, arrival_id)


@get("/arrivals/{arrival_id:uuid}/raw", operation_id="readArrival", guards=READS)
async def read_arrival(
    session: Session,
    context: Context,
    viewer: CurrentViewer,
    arrival_id: FromPath[UUID],
) -> Response[bytes]:
    """Download a quarantined arrival byte for byte."""
    found = await arrival(session, viewer, arrival_id)
    return download(await raw_of(session, context.files, found), filename=f"arrival-{found.id}.bin")


@get("/messages/{message_id:uuid}/raw", operation_id="readRaw", guards=[needs(Right.CONVERSATIONS_READ)])
async def read_raw(
    session: Session,
    context: Context,
    viewer: CurrentViewer,
    message_id: FromPath[UUID],
) -> Response[bytes]:
    """Download the bytes that a message arrived as; an unreadable message also needs the right deliveries:read."""
    message = await find_message(session, viewer, message_id)
    if message.unreadable is not None and not viewer.may(Right.DELIVERIES_READ):
        raise UnreadableNotVisible
    digest = await session.scalar(select(Arrival.digest).where(Arrival.id == message.arrival_id))
    if digest is None:
        raise OriginalNotKept
    return download(await blobs.read(session, context.files, digest), filename=f"{message.id}.eml")


router = Router(path="/api", route_handlers=[list_arrivals, retry_arrival, read_arrival, read_raw])
