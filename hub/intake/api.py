"""The HTTP interface of quarantined arrivals: list them, retry one, download its bytes."""

from typing import Annotated, Literal
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Meta

from hub.access.guard import CurrentViewer, needs
from hub.access.rights import Right
from hub.intake.arrivals import again
from hub.intake.errors import ArrivalNotQuarantined
from hub.intake.queries import ArrivalPage, arrival, arrivals, raw_of
from hub.runtime.http import Context, Session, download

READS = [needs(Right.DELIVERIES_READ)]
WRITES = [needs(Right.DELIVERIES_READ, Right.DELIVERIES_WRITE)]

Limit = Annotated[int, Meta(ge=1, le=200)]
Quarantined = Annotated[Literal["quarantined"], QueryParameter(name="state")]


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
    context: Context,
    viewer: CurrentViewer,
    arrival_id: FromPath[UUID],
) -> None:
    """Take it in once more."""
    found = await arrival(session, viewer, arrival_id)
    if found.state != "quarantined":
        raise ArrivalNotQuarantined
    await again(context, arrival_id)


@get("/arrivals/{arrival_id:uuid}/raw", operation_id="readArrival", guards=READS)
async def read_arrival(
    session: Session,
    context: Context,
    viewer: CurrentViewer,
    arrival_id: FromPath[UUID],
) -> Response[bytes]:
    """Download what arrived, byte for byte."""
    found = await arrival(session, viewer, arrival_id)
    return download(await raw_of(session, context.files, found), filename=f"arrival-{found.id}.bin")


router = Router(path="/api", route_handlers=[list_arrivals, retry_arrival, read_arrival])
