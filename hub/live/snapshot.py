"""The state of the inbox before its first list, as of a cursor."""

import msgspec
from litestar import Router, get
from sqlalchemy import select

from hub.access.guard import CurrentViewer, needs
from hub.access.models import Team
from hub.access.rights import Right
from hub.channels.models import Channel
from hub.events import log
from hub.inbox import queries
from hub.inbox.directory import agent_items, appearances, channel_item
from hub.inbox.schemas import InboxState, TeamItem
from hub.live.parts import DEPENDENCIES, CurrentFeed
from hub.runtime.http import Session

READS = [needs(Right.CONVERSATIONS_READ)]


@get("/inbox", operation_id="readInbox", guards=READS)
async def read_inbox(session: Session, feed: CurrentFeed, viewer: CurrentViewer) -> InboxState:
    """Return the state that the inbox needs before its first list. Seven queries."""
    cursor = await log.current_position(session)
    counts = (await queries.tally(session)).counts(viewer)
    online = set(feed.presence.online)
    agents = [msgspec.structs.replace(agent, online=agent.id in online) for agent in await agent_items(session)]
    teams = (await session.scalars(select(Team).order_by(Team.name, Team.id))).all()
    channels = (await session.scalars(select(Channel).order_by(Channel.created_at))).all()
    return InboxState(
        cursor=str(cursor),
        counts=counts,
        agents=tuple(agents),
        teams=tuple(TeamItem(id=team.id, name=team.name) for team in teams),
        channels=tuple(channel_item(channel) for channel in channels if channel.archived_at is None),
        kinds=appearances(channels),
        tags=await queries.tags(session, viewer),
    )


router = Router(path="/api", route_handlers=[read_inbox], dependencies=DEPENDENCIES)
