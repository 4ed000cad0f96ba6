"""Turns entries of the log into frames, encoded once for all agents who see the same."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct, field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.models import Team
from hub.access.rights import Viewer
from hub.access.scope import sees
from hub.channels.models import Channel
from hub.events import definitions as events
from hub.events import log
from hub.events.models import Entry
from hub.inbox.directory import agent_items, channel_item
from hub.inbox.queries import Marks, marks_by_id, mine_of
from hub.inbox.schemas import AgentItem, ChannelItem, Listed, TeamItem
from hub.live.last_scope import LastScopes, PreviousScope
from hub.live.protocol import Reset
from hub.runtime.websocket import encode_text_frame
from hub.timeline.conversations import rows_by_id
from hub.timeline.items import events_by_position, messages_by_id
from hub.timeline.schemas import EventItem, MessageItem, Row

ENCODER = msgspec.json.Encoder()
NO_MARKS = Marks(read={}, drafts=frozenset(), mentioned=frozenset())


class Line(Struct, kw_only=True):
    """An entry with the rows that belong to it as they are now; its frames are encoded once for each variant."""

    entry: Entry
    event: events.Event
    head: bytes  # the JSON members that every recipient gets
    row: Row | None = None
    marks: Marks = NO_MARKS
    item: MessageItem | EventItem | None = None
    individual_agents: frozenset[UUID] = frozenset()  # agents whose frame may differ from that of their audience
    before: PreviousScope = None  # the scope of the conversation before it moved
    encoded: dict[object, bytes] = field(default_factory=dict)  # encoded frames by variant


class Batch(Struct, kw_only=True):
    """Some entries, and the frames encoded so far by audience or agent."""

    lines: list[Line]
    individual_agents: frozenset[UUID]
    encoded: dict[object, bytes] = field(default_factory=dict)
    position: log.Position
    reload_all: bool = False  # a team was removed, so every agent now sees its conversations: all must fetch again


class Loaded(Struct, kw_only=True):
    """The rows that some entries concern."""

    rows: dict[UUID, Row]
    marks: dict[UUID, Marks]
    messages: dict[UUID, MessageItem]
    events: dict[int, EventItem]  # by the position of their entries
    extras: "Extras"
    before: dict[UUID | None, PreviousScope]


async def batch_of(session: AsyncSession, entries: Sequence[Entry], scopes: LastScopes | None = None) -> Batch:
    """Load the rows that entries concern: conversations, marks, messages, events, agents. Up to ten queries.

    With `scopes`, which is updated, only agents who saw a conversation learn that they lost access to it; without it
    (None) every agent does.
    """
    recorded = [log.event_of(entry) for entry in entries]
    loaded = await _load(session, entries, recorded, scopes or LastScopes())
    lines = [_line(entry, event, loaded) for entry, event in zip(entries, recorded, strict=True)]
    private_to = (entry.private_to for entry in entries if entry.private_to)
    return Batch(
        lines=lines,
        individual_agents=frozenset().union(*(line.individual_agents for line in lines), private_to),
        position=log.position_of(entries[-1]),
        reload_all=any(
            isinstance(event, events.TeamChanged) and event.team_id not in loaded.extras for event in recorded
        ),
    )


async def _load(
    session: AsyncSession, entries: Sequence[Entry], recorded: Sequence[events.Event], scopes: LastScopes
) -> Loaded:
    ids = {entry.conversation_id for entry in entries if entry.conversation_id is not None}
    message_ids = {event.message_id for event in recorded if isinstance(event, events.MessageEvent)}
    shown = [entry.position for entry in entries if entry.shown]
    rows = await rows_by_id(session, ids) if ids else {}
    loaded = Loaded(
        rows=rows,
        marks=await marks_by_id(session, ids) if ids else {},
        messages=await messages_by_id(session, message_ids) if message_ids else {},
        events=await events_by_position(session, shown) if shown else {},
        extras=await _extras(session, recorded),
        before=_before(entries, recorded, scopes),
    )
    scopes.remember(rows.values())
    return loaded


def _line(entry: Entry, event: events.Event, loaded: Loaded) -> Line:
    id_ = entry.conversation_id
    row = loaded.rows.get(id_) if id_ else None
    marks = loaded.marks.get(id_, NO_MARKS) if id_ else NO_MARKS
    before = loaded.before.get(id_)
    return Line(
        entry=entry,
        event=event,
        head=_head(entry, event, loaded.extras),
        row=row,
        marks=marks,
        item=_item(entry, event, loaded),
        individual_agents=_individual_agents(row, marks, before),
        before=before,
    )


def _item(entry: Entry, event: events.Event, loaded: Loaded) -> MessageItem | EventItem | None:
    if isinstance(event, events.MessageEvent):
        return loaded.messages.get(event.message_id)
    return loaded.events.get(entry.position)


def _before(
    entries: Sequence[Entry], recorded: Sequence[events.Event], scopes: LastScopes
) -> dict[UUID | None, PreviousScope]:
    moves: dict[UUID, list[events.ConversationAssigned]] = {}
    for entry, event in zip(entries, recorded, strict=True):
        if isinstance(event, events.ConversationAssigned) and entry.conversation_id is not None:
            moves.setdefault(entry.conversation_id, []).append(event)
    return {id_: scopes.before(id_, moved) for id_, moved in moves.items()}


def _individual_agents(row: Row | None, marks: Marks, before: PreviousScope) -> frozenset[UUID]:
    agents = {row.assignee_id} if row is not None and row.assignee_id is not None else set()
    agents |= {assignee_id for _, assignee_id in before or () if assignee_id is not None}
    return frozenset(agents | set(marks.read) | marks.drafts | marks.mentioned)


Extras = dict[UUID, AgentItem | TeamItem | ChannelItem]


async def _extras(session: AsyncSession, recorded: Sequence[events.Event]) -> Extras:
    agents, teams, channels = (_ids(recorded, kind) for kind in ("agent", "team", "channel"))
    found: Extras = {}
    if agents:
        found |= {item.id: item for item in await agent_items(session, agents)}
    if teams:
        found |= {
            team.id: TeamItem(id=team.id, name=team.name)
            for team in await session.scalars(select(Team).where(Team.id.in_(teams)))
        }
    in_use = Channel.archived_at.is_(None)
    if channels:
        found |= {
            channel.id: channel_item(channel)
            for channel in await session.scalars(select(Channel).where(Channel.id.in_(channels), in_use))
        }
    return found


def _ids(recorded: Sequence[events.Event], kind: str) -> set[UUID]:
    """Return the ids of the rows of one kind that are sent along with events."""
    return {getattr(event, f"{kind}_id") for event in recorded if event.attached_row == kind}


def _head(entry: Entry, event: events.Event, extras: Extras) -> bytes:
    members: dict[str, Any] = {
        "type": "happened",
        "cursor": str(log.Position(entry.xid, entry.position)),
        "event": event,
        "conversation_id": entry.conversation_id,
        "contact_id": entry.contact_id,
        "agent": None,
        "team": None,
        "channel": None,
    }
    if event.attached_row is not None:
        members[event.attached_row] = extras.get(getattr(event, f"{event.attached_row}_id"))
    return ENCODER.encode(members)[:-1]


def payload(batch: Batch, viewer: Viewer, audience: object) -> bytes:
    """Return the encoded frame, a JSON array, that one agent gets for a batch; empty when the agent may see nothing.

    `audience` stands for all agents with the same rights and teams: they get the same bytes, except those who are
    assigned or mentioned, or have read or drafted something.
    """
    key: object = (
        viewer.agent_id if batch.individual_agents and viewer.agent_id in batch.individual_agents else audience
    )
    cached = batch.encoded.get(key)
    if cached is None:
        frames = [frame for line in batch.lines if (frame := _frame(line, viewer)) is not None]
        if batch.reload_all:
            frames.append(ENCODER.encode(Reset(reason="rights_changed", cursor=str(batch.position))))
        cached = batch.encoded[key] = encode_text_frame(b"[" + b",".join(frames) + b"]") if frames else b""
    return cached


def _frame(line: Line, viewer: Viewer) -> bytes | None:
    entry = line.entry
    if entry.private_to is not None and entry.private_to != viewer.agent_id:
        return None
    if entry.conversation_id is None:
        return _encode_once(line, None)
    if line.row is None or not sees(viewer, line.row.team_id, line.row.assignee_id):
        return _encode_once(line, None) if _may_have_seen(line, viewer) else None
    mine = mine_of(line.row, line.marks, viewer.agent_id)
    return _encode_once(line, Listed(row=line.row, mine=mine))


def _may_have_seen(line: Line, viewer: Viewer) -> bool:
    """Return whether to notify this agent, without any content, that they lost access to a conversation."""
    if not isinstance(line.event, events.ConversationAssigned):
        return False
    return line.before is None or any(sees(viewer, *scope) for scope in line.before)


def _encode_once(line: Line, listed: Listed | None) -> bytes:
    key = None if listed is None else (listed.mine.views, listed.mine.inbound_read, listed.mine.draft)
    cached = line.encoded.get(key)
    if cached is None:
        hidden = listed is None and line.entry.conversation_id is not None
        head = _out_of_sight_head(line) if hidden else line.head
        item = b"null" if listed is None else ENCODER.encode(line.item)
        cached = line.encoded[key] = head + b',"listed":' + ENCODER.encode(listed) + b',"item":' + item + b"}"
    return cached


def _out_of_sight_head(line: Line) -> bytes:
    """Return the JSON members of an event about a conversation that the agent does not see any more."""
    event = events.ConversationAssigned(agent_id=None, team_id=None)
    return ENCODER.encode(
        {
            "type": "happened",
            "cursor": str(log.Position(line.entry.xid, line.entry.position)),
            "event": event,
            "conversation_id": line.entry.conversation_id,
            "contact_id": None,
            "agent": None,
            "team": None,
            "channel": None,
        }
    )[:-1]
