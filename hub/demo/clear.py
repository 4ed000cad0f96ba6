"""Take all demo data away, in one transaction, and leave what is real as if the demo had never been.

What a real conversation still needs stays: an agent who wrote in it is kept, disabled; a customer of it is kept.
"""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from hub.demo.sample_files import ALL
from hub.events.definitions import AgentChanged, ChannelChanged, TeamChanged
from hub.events.log import record
from hub.routing.queues import queue_for

FOR_NOW = {
    # what the checks of foreign keys ask for each removed row: seconds instead of a minute, and not worth keeping
    "message": "point_id",
    "delivery": "point_id",
    "participant": "point_id",
    "read_mark": "conversation_id",
    "draft": "conversation_id",
    "mention": "conversation_id",
}
KEEP_REAL = (
    # whoever is needed by a real conversation is real
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
HAND_BACK = (
    # real work in the hands of demo agents, or in the queues of demo teams, waits in the queue of everybody
    "update work_item w set agent_id = null, reservation_id = null, over_cap = false, version = version + 1,"
    " state = case when state = 'paused' then state else 'queued' end where ended_at is null"
    " and agent_id in (select id from agent where demo or disabled_at is not null)"
    " and conversation_id not in (select id from conversation where demo)",
    "update work_item set queue_id = :everybody where queue_id in (select id from queue where team_id in "
    "(select id from team where demo))"
    " and conversation_id not in (select id from conversation where demo)",
    "update conversation set assignee_id = null, assigned_why = '[]', version = version + 1 where not demo"
    " and (assignee_id in (select id from agent where demo)"
    " or (state <> 'resolved' and assignee_id in (select id from agent where disabled_at is not null)))",
    # real conversations that went on over a demo channel keep their words
    "update message set channel_id = null where channel_id in (select id from channel where demo)"
    " and conversation_id not in (select id from conversation where demo)",
    "update conversation set last_channel_id = null, version = version + 1"
    " where not demo and last_channel_id in (select id from channel where demo)",
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
GONE = (  # the bytes of answers, of uploads that were never said, of arrivals; samples that nobody happened to send
    "create temporary table gone on commit drop as select a.digest from attachment a join message m"
    " on m.id = a.message_id join conversation c on c.id = m.conversation_id where c.demo union"
    " select a.digest from attachment a join visitor v on v.id = a.visitor_id"
    " where a.message_id is null and v.channel_id in (select id from channel where demo) union"
    " select digest from arrival where digest is not null"
    " and channel_id in (select id from channel where demo) union select unnest(cast(:samples as text[]))"
)
UNUSED = (
    "select d.digest from gone d where not exists (select from attachment a where a.digest = d.digest)"
    " and not exists (select from arrival a where a.digest = d.digest)"
)


async def clear(session: AsyncSession) -> list[str]:
    """Remove every demo row; gives the digests of files that nothing needs any more."""
    await session.execute(text("lock table conversation, work_item, load, queue in share row exclusive mode"))
    await _tell(session)
    await session.execute(text(GONE), {"samples": [one.digest for one in ALL]})
    for table, column in FOR_NOW.items():
        await session.execute(text(f"create index {table}_demo_idx on {table} ({column})"))
    everybody = await queue_for(session, None)
    for statement in (*KEEP_REAL, *HAND_BACK, *REMOVE, *RECOUNT):
        bound = {"everybody": everybody} if ":everybody" in statement else {}
        await session.execute(text(statement), bound)
    for table in FOR_NOW:
        await session.execute(text(f"drop index {table}_demo_idx"))
    unused = list((await session.execute(text(UNUSED))).scalars())
    await session.execute(text("delete from blob where digest = any(:unused)"), {"unused": unused})
    return unused


async def _tell(session: AsyncSession) -> None:
    """Tell every screen that channels, teams and people have changed."""
    for channel_id in (await session.execute(text("select id from channel where demo"))).scalars():
        record(session, ChannelChanged(channel_id=channel_id))
    for team_id in (await session.execute(text("select id from team where demo"))).scalars():
        record(session, TeamChanged(team_id=team_id))
    concerned = "select distinct agent_id from team_member where team_id in (select id from team where demo)"
    for agent_id in (await session.execute(text(concerned))).scalars():
        record(session, AgentChanged(agent_id=agent_id))
    await session.flush()
