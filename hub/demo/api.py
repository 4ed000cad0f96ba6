"""The HTTP interface of demo data: whether there is any, and removing it."""

from litestar import Router, delete, get
from msgspec import Struct

from hub.access.guard import CurrentViewer, needs
from hub.access.rights import Right
from hub.demo import commands
from hub.runtime.http import Context, Session


class DemoData(Struct, frozen=True):
    """Whether there is demo data."""

    present: bool


@get("/api/demo", operation_id="getDemo")
async def get_demo(session: Session, viewer: CurrentViewer) -> DemoData:
    """Return whether there is demo data."""
    del viewer
    return DemoData(await commands.has_demo_data(session))


@delete("/api/demo", operation_id="clearDemo", guards=[needs(Right.SETTINGS_WRITE)])
async def clear_demo(context: Context) -> None:
    """Remove all demo data."""
    await commands.clear(context)


router = Router(path="/", route_handlers=[get_demo, clear_demo], tags=["Demo"])
