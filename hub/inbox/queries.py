"""Queries of the inbox: pages of views, single select_rows, the numbers beside the views, drafts and tags."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, and_, exists, func, literal_column, select, tuple_
from sqlalchemy.engine import Row as Record
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.rights import Viewer
from hub.events import log
from hub.events.definitions import State
from hub.inbox.errors import ViewUnknown
from hub.inbox.models import Draft, Mention, ReadMark
from hub.inbox.schemas import ConversationPage, DraftItem, Listed, Mine
from hub.inbox.views import Group, MentionCount, Tally, views_of
from hub.runtime.page_keys import page_key, parse_row_key
from hub.timeline.conversations import row_of, select_rows, visible_to
from hub.timeline.errors import ConversationNotFound
from hub.timeline.models import Conversation
from hub.timeline.schemas import Row

PAGE = 60


class Marks(Struct, frozen=True, kw_only=True):
    """The marks of agents on a conversation: read counts by agent, agents with drafts, agents with open mentions."""

    read: dict[UUID, int]
    drafts: frozenset[UUID]
    mentioned: frozenset[UUID]


def _mentioned(viewer: Viewer) -> ColumnElement[bool]:
    return exists().where(
        Mention.conversation_id == Conversation.id,
        Mention.agent_id == viewer.agent_id,
        Mention.seen_at.is_(None),
    )


def _with_marks(viewer: Viewer) -> Select[Any]:
    drafted = exists().where(Draft.conversation_id == Conversation.id, Draft.agent_id == viewer.agent_id)
    mark = and_(ReadMark.conversation_id == Conversation.id, ReadMark.agent_id == viewer.agent_id)
    return (
        select_rows()
        .outerjoin(ReadMark, mark)
        .add_columns(
            func.coalesce(ReadMark.inbound_read, 0).label("inbound_read"),
            drafted.label("draft"),
            _mentioned(viewer).label("mentioned"),
        )
    )


def _listed(record: Record[Any], viewer: Viewer) -> Listed:
    row = row_of(record)
    views = views_of(row, viewer.agent_id, mentioned=record.mentioned)
    return Listed(row=row, mine=Mine(views=views, inbound_read=record.inbound_read, draft=record.draft))


def _is(state: State) -> ColumnElement[bool]:
    """Return a clause with the state as a literal, so that a prepared plan can use the partial index of the state."""
    return Conversation.state == literal_column(f"'{state.value}'")


def _in_view(view: str, target_id: UUID | None, viewer: Viewer) -> ColumnElement[bool]:
    is_open = _is(State.OPEN)
    clauses: dict[str, ColumnElement[bool]] = {
        "mine": and_(is_open, Conversation.assignee_id == viewer.agent_id),
        "unassigned": and_(is_open, Conversation.assignee_id.is_(None)),
        "mentions": _mentioned(viewer),
        "snoozed": _is(State.SNOOZED),
        "open": is_open,
        "resolved": _is(State.RESOLVED),
        "team": and_(is_open, Conversation.team_id == target_id),
        "channel": and_(is_open, Conversation.last_channel_id == target_id),
    }
    if view not in clauses:
        raise ViewUnknown(view=view, known=", ".join(clauses))
    return clauses[view]


async def page(
    session: AsyncSession,
    viewer: Viewer,
    view: str,
    *,
    target_id: UUID | None = None,
    after: str | None = None,
    limit: int = PAGE,
) -> ConversationPage:
    """Return a page of a view, latest activity first; raises BadInput for an unknown view or key. Two queries.

    `target_id` is the team or channel id for the views "team" and "channel".
    """
    cursor = await log.current_position(session)
    wanted = _with_marks(viewer).where(_in_view(view, target_id, viewer), visible_to(viewer))
    if after is not None:
        wanted = wanted.where(tuple_(Conversation.last_at, Conversation.id) < tuple_(*parse_row_key(after)))
    wanted = wanted.order_by(Conversation.last_at.desc(), Conversation.id.desc()).limit(limit + 1)
    found = [_listed(record, viewer) for record in await session.execute(wanted)]
    last = found[limit - 1].row if len(found) > limit else None
    next_key = page_key(last.last_at, last.id) if last else None
    return ConversationPage(cursor=str(cursor), items=tuple(found[:limit]), next=next_key)


async def listed(session: AsyncSession, viewer: Viewer, conversation_id: UUID) -> Listed:
    """Return one conversation as the viewer's list shows it; raises NotFound. One query."""
    await session.flush()
    wanted = _with_marks(viewer).where(Conversation.id == conversation_id, visible_to(viewer))
    record = (await session.execute(wanted)).one_or_none()
    if record is None:
        raise ConversationNotFound
    return _listed(record, viewer)


async def listed_many(session: AsyncSession, viewer: Viewer, ids: Sequence[UUID]) -> list[Listed]:
    """Return conversations as the viewer's list shows them, in the given order, without invisible ones. One query."""
    found = await session.execute(_with_marks(viewer).where(Conversation.id.in_(ids), visible_to(viewer)))
    by_id = {record.id: _listed(record, viewer) for record in found}
    return [by_id[id_] for id_ in ids if id_ in by_id]


async def marks_by_id(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Marks]:
    """Return what agents keep on these conversations, by conversation id. Three queries."""
    read: dict[UUID, dict[UUID, int]] = {}
    marks = select(ReadMark.conversation_id, ReadMark.agent_id, ReadMark.inbound_read)
    for conversation_id, agent_id, count in await session.execute(marks.where(ReadMark.conversation_id.in_(ids))):
        read.setdefault(conversation_id, {})[agent_id] = count
    drafts: dict[UUID, set[UUID]] = {}
    drafted = select(Draft.conversation_id, Draft.agent_id).where(Draft.conversation_id.in_(ids)).distinct()
    for conversation_id, agent_id in await session.execute(drafted):
        drafts.setdefault(conversation_id, set()).add(agent_id)
    mentioned: dict[UUID, set[UUID]] = {}
    mentions = select(Mention.conversation_id, Mention.agent_id).where(Mention.conversation_id.in_(ids))
    for conversation_id, agent_id in await session.execute(mentions.where(Mention.seen_at.is_(None)).distinct()):
        mentioned.setdefault(conversation_id, set()).add(agent_id)
    return {
        id_: Marks(
            read=read.get(id_, {}), drafts=frozenset(drafts.get(id_, ())), mentioned=frozenset(mentioned.get(id_, ()))
        )
        for id_ in ids
    }


def mine_of(row: Row, marks: Marks, agent_id: UUID) -> Mine:
    """Return a conversation's views, read count and draft flag for one agent; equal to those of a list."""
    return Mine(
        views=views_of(row, agent_id, mentioned=agent_id in marks.mentioned),
        inbound_read=marks.read.get(agent_id, 0),
        draft=agent_id in marks.drafts,
    )


async def tally(session: AsyncSession) -> Tally:
    """Count all open and snoozed conversations, for all viewers at once. Two queries."""
    grouping = (Conversation.team_id, Conversation.assignee_id, Conversation.last_channel_id, Conversation.state)
    counted = await session.execute(
        select(*grouping, func.count()).where(~_is(State.RESOLVED)).group_by(*grouping),
    )
    groups = tuple(
        Group(team_id=team, assignee_id=assignee, channel_id=channel, state=state, count=count)
        for team, assignee, channel, state, count in counted
    )
    mention_counts = await session.execute(
        select(Mention.agent_id, *grouping[:2], func.count(Conversation.id.distinct()))
        .join(Conversation, Conversation.id == Mention.conversation_id)
        .where(Mention.seen_at.is_(None))
        .group_by(Mention.agent_id, *grouping[:2]),
    )
    mentions: dict[UUID, list[MentionCount]] = {}
    for agent_id, team, assignee, count in mention_counts:
        mentions.setdefault(agent_id, []).append(MentionCount(team, assignee, count))
    return Tally(groups=groups, mentions=mentions)


async def drafts(session: AsyncSession, viewer: Viewer, conversation_id: UUID) -> tuple[DraftItem, ...]:
    """List the viewer's drafts in a conversation. One query."""
    found = await session.scalars(
        select(Draft).where(Draft.agent_id == viewer.agent_id, Draft.conversation_id == conversation_id),
    )
    return tuple(
        DraftItem(
            channel_id=None if draft.channel_key == "note" else UUID(draft.channel_key),
            text=draft.text,
            subject=draft.subject,
            updated_at=draft.updated_at,
        )
        for draft in found
    )


async def tags(session: AsyncSession, viewer: Viewer, *, limit: int = 200) -> tuple[str, ...]:
    """List up to `limit` tags of the viewer's 1,000 latest tagged conversations, for completion. One query."""
    recent = select(Conversation.tags).where(Conversation.tags != [], visible_to(viewer))
    recent = recent.order_by(Conversation.last_at.desc()).limit(1000)
    return tuple(sorted({tag for row in await session.scalars(recent) for tag in row})[:limit])
