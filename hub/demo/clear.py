"""Remove all demo data in one transaction, and leave real data as if the demo had never been.

An agent who wrote in a real conversation is kept, disabled; so is the contact of a real conversation.
"""

from sqlalchemy import and_, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.models import Agent
from hub.channels.models import Channel
from hub.demo.sample_files import ALL
from hub.events.definitions import AgentChanged, ChannelChanged, State, TeamChanged
from hub.events.log import record
from hub.routing.queues import queue_for
from hub.timeline.models import Conversation

TEMPORARY_INDEXES = {
    # indexes for the foreign key checks of each removed row, dropped again: seconds instead of a minute
    "message": "point_id",
    "delivery": "point_id",
    "participant": "point_id",
    "read_mark": "conversation_id",
    "draft": "conversation_id",
    "mention": "conversation_id",
}
KEEP_REAL = (
    # contacts and agents that a real conversation needs become real
    "update contact c set demo = false where demo and exists (select from conversation v"
    " where v.contact_id = c.id and not v.demo)",
    "update agent a set demo = false, disabled_at = coalesce(disabled_at, now()), version = version + 1 where demo"
    " and (exists (select from message m join conversation v on v.id = m.conversation_id and not v.demo"
    " where m.agent_id = a.id)"
    " or exists (select from attachment t where t.agent_id = a.id)"
    " or exists (select from contact_merge g join contact c on c.id = g.target_id and not c.demo where "
    "g.agent_id = a.id)"
    " or exists (select from work_item w join conversation v on v.id = w.conversation_id and not v.demo"
    " where w.agent_id = a.id and w.ended_at is not null)"
    " or exists (select from reservation r join work_item w on w.id = r.item_id"
    " join conversation v on v.id = w.conversation_id and not v.demo where r.agent_id = a.id))",
)
RETURN_REAL_WORK = (
    # real work of demo agents, or in the queues of demo teams, is queued for all agents
    "update work_item w set agent_id = null, reservation_id = null, over_cap = false, version = version + 1,"
    " state = case when state = 'paused' then state else 'queued' end where ended_at is null"
    " and agent_id in (select id from agent where demo or disabled_at is not null)"
    " and conversation_id not in (select id from conversation where demo)",
    "update work_item set queue_id = :everybody where queue_id in (select id from queue where team_id in "
    "(select id from team where demo))"
    " and conversation_id not in (select id from conversation where demo)",
    # real conversations that continued on a demo channel keep their messages
    "update message set channel_id = null where channel_id in (select id from channel where demo)"
    " and conversation_id not in (select id from conversation where demo)",
    "delete from delivery where channel_id in (select id from channel where demo) and conversation_id not in "
    "(select id from conversation where demo)",
)
REMOVE = (
    "delete from entry where conversation_id in (select id from conversation where demo)",
    "delete from entry where contact_id in (select id from contact where demo)",
    "delete from entry where private_to in (select id from agent where demo)",
    "delete from draft where conversation_id in (select id from conversation where demo)",
    "delete from read_mark where conversation_id in (select id from conversation where demo)",
    "delete from mention where conversation_id in (select id from conversation where demo)",
    "delete from work_item where conversation_id in (select id from conversation where demo)",
    "delete from delivery where conversation_id in (select id from conversation where demo)",
    "delete from attachment where message_id in (select id from message where conversation_id in (select id "
    "from conversation where demo))",
    "delete from attachment where message_id is null and visitor_id in"
    " (select id from visitor where channel_id in (select id from channel where demo))",
    "delete from participant where conversation_id in (select id from conversation where demo)",
    "delete from message where conversation_id in (select id from conversation where demo)",
    "delete from arrival where channel_id in (select id from channel where demo)",
    "delete from visitor where channel_id in (select id from channel where demo)",
    "delete from conversation where demo",
    "delete from contact_merge where source_id in (select id from contact where demo)"
    " or target_id in (select id from contact where demo)",
    "delete from contact_point where contact_id in (select id from contact where demo)",
    "update contact set merged_into_id = null where merged_into_id in (select id from contact where demo)",
    "delete from contact where demo",
    "delete from demo_mail",
    "delete from channel where demo",
    "delete from queue where team_id in (select id from team where demo)",
    "delete from team where demo",
    "delete from agent where demo",
)
RECOUNT = (
    "update load l set version = version + 1, used = coalesce((select sum(units) from work_item w"
    " where w.agent_id = l.agent_id and w.work_class = l.work_class and w.state in ('reserved', 'accepted', "
    "'wrap_up')), 0)",
    "update queue q set waiting = (select count(*) from work_item w where w.queue_id = q.id and w.state = 'queued')",
)
COLLECT_DIGESTS = (  # the digests of files of messages, of unused uploads and of arrivals, and of all sample files
    "create temporary table gone on commit drop as select a.digest from attachment a join message m"
    " on m.id = a.message_id join conversation c on c.id = m.conversation_id where c.demo union"
    " select a.digest from attachment a join visitor v on v.id = a.visitor_id"
    " where a.message_id is null and v.channel_id in (select id from channel where demo) union"
    " select digest from arrival where digest is not null"
    " and channel_id in (select id from channel where demo) union select unnest(cast(:samples as text[]))"
)
FIND_UNUSED = (
    "select d.digest from gone d where not exists (select from attachment a where a.digest = d.digest)"
    " and not exists (select from arrival a where a.digest = d.digest)"
)


async def clear(session: AsyncSession) -> list[str]:
    """Remove every demo row; return the digests of files that no row refers to any more."""
    await session.execute(text("lock table conversation, work_item, load, queue in share row exclusive mode"))
    await _record_changes(session)
    await session.execute(text(COLLECT_DIGESTS), {"samples": [sample.digest for sample in ALL]})
    for table, column in TEMPORARY_INDEXES.items():
        await session.execute(text(f"create index {table}_demo_idx on {table} ({column})"))
    common_queue = await queue_for(session, None)
    for statement in KEEP_REAL:
        await session.execute(text(statement))
    await _release_real_conversations(session)
    for statement in (*RETURN_REAL_WORK, *REMOVE, *RECOUNT):
        bound = {"everybody": common_queue} if ":everybody" in statement else {}
        await session.execute(text(statement), bound)
    for table in TEMPORARY_INDEXES:
        await session.execute(text(f"drop index {table}_demo_idx"))
    unused = list((await session.execute(text(FIND_UNUSED))).scalars())
    await session.execute(text("delete from blob where digest = any(:unused)"), {"unused": unused})
    return unused


async def _release_real_conversations(session: AsyncSession) -> None:
    """Unassign real conversations from demo agents and disabled ones, and take demo channels from them."""
    real = select(Conversation).where(~Conversation.demo).with_for_update()
    demo = Conversation.assignee_id.in_(select(Agent.id).where(Agent.demo))
    disabled = Conversation.assignee_id.in_(select(Agent.id).where(Agent.disabled_at.is_not(None)))
    orphaned = real.where(or_(demo, and_(Conversation.state != State.RESOLVED, disabled)))
    for conversation in await session.scalars(orphaned):
        conversation.unassign()
    channels = select(Channel.id).where(Channel.demo)
    for conversation in await session.scalars(real.where(Conversation.last_channel_id.in_(channels))):
        conversation.clear_last_channel()
    await session.flush()


async def _record_changes(session: AsyncSession) -> None:
    """Record that channels, teams and agents change, for every screen."""
    for channel_id in (await session.execute(text("select id from channel where demo"))).scalars():
        record(session, ChannelChanged(channel_id=channel_id))
    for team_id in (await session.execute(text("select id from team where demo"))).scalars():
        record(session, TeamChanged(team_id=team_id))
    concerned = "select distinct agent_id from team_member where team_id in (select id from team where demo)"
    for agent_id in (await session.execute(text(concerned))).scalars():
        record(session, AgentChanged(agent_id=agent_id))
    await session.flush()
