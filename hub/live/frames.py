"""Turn lines of the log into frames, once for all recipients who see the same."""

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
from hub.runtime.websocket import framed
from hub.timeline.conversations import rows_by_id
from hub.timeline.items import events_by_position, messages_by_id
from hub.timeline.schemas import EventItem, MessageItem, Row

ENCODER = msgspec.json.Encoder()
NOBODY = Marks(read={}, drafts=frozenset(), mentioned=frozenset())


class Line(Struct, kw_only=True):
    """One line of the log with what belongs to it as it is now; its frames are written once for each variant."""

    entry: Entry
    event: events.Event
    head: bytes  # the members that everybody gets
    row: Row | None = None
    marks: Marks = NOBODY
    item: MessageItem | EventItem | None = None
    special: frozenset[UUID] = frozenset()  # agents who do not see what their kind sees
    before: PreviousScope = None  # where the conversation was before it moved
    written: dict[object, bytes] = field(default_factory=dict)


class Batch(Struct, kw_only=True):
    """Some lines, and what has been written of them."""

    lines: list[Line]
    special: frozenset[UUID]
    written: dict[object, bytes] = field(default_factory=dict)
    position: log.Position
    afresh: bool = False  # a team is gone, and what was its own is everybody's: all must look again


async def batch_of(session: AsyncSession, entries: Sequence[Entry], places: LastScopes | None = None) -> Batch:
    """Load what belongs to some lines: rows, marks, messages, event lines, people. Up to ten queries a batch.

    With `places`, which are brought up to date, only who saw a conversation hears that it went out of sight.
    """
    told = [log.event_of(entry) for entry in entries]
    ids = {entry.conversation_id for entry in entries if entry.conversation_id is not None}
    rows = await rows_by_id(session, ids) if ids else {}
    marks = await marks_by_id(session, ids) if ids else {}
    said = {one.message_id for one in told if isinstance(one, _ABOUT_MESSAGES)}
    messages = await messages_by_id(session, said) if said else {}
    shown = [entry.position for entry in entries if entry.shown]
    happened = await events_by_position(session, shown) if shown else {}
    extras = await _extras(session, told)
    before = _before(entries, told, places or LastScopes())
    if places is not None:
        places.note(rows.values())
    lines = []
    for entry, event in zip(entries, told, strict=True):
        item = messages.get(event.message_id) if isinstance(event, _ABOUT_MESSAGES) else happened.get(entry.position)
        row = rows.get(entry.conversation_id) if entry.conversation_id else None
        mark = marks.get(entry.conversation_id, NOBODY) if entry.conversation_id else NOBODY
        lines.append(
            Line(
                entry=entry,
                event=event,
                head=_head(entry, event, extras),
                row=row,
                marks=mark,
                item=item,
                special=_special(row, mark, before.get(entry.conversation_id)),
                before=before.get(entry.conversation_id),
            )
        )
    last = entries[-1]
    special = frozenset().union(*(line.special for line in lines), (e.private_to for e in entries if e.private_to))
    afresh = any(isinstance(one, events.TeamChanged) and one.team_id not in extras for one in told)
    return Batch(lines=lines, special=special, position=log.Position(last.xid, last.position), afresh=afresh)


def _before(
    entries: Sequence[Entry], told: Sequence[events.Event], places: LastScopes
) -> dict[UUID | None, PreviousScope]:
    moves: dict[UUID, list[events.ConversationAssigned]] = {}
    for entry, event in zip(entries, told, strict=True):
        if isinstance(event, events.ConversationAssigned) and entry.conversation_id is not None:
            moves.setdefault(entry.conversation_id, []).append(event)
    return {id_: places.before(id_, moved) for id_, moved in moves.items()}


_ABOUT_MESSAGES = (
    events.MessageReceived,
    events.MessageQueued,
    events.MessageUnsent,
    events.MessageStatusChanged,
    events.NoteAdded,
)


def _special(row: Row | None, marks: Marks, before: PreviousScope) -> frozenset[UUID]:
    own = {row.assignee_id} if row is not None and row.assignee_id is not None else set()
    own |= {assignee_id for _, assignee_id in before or () if assignee_id is not None}
    return frozenset(own | set(marks.read) | marks.drafts | marks.mentioned)


Extras = dict[UUID, AgentItem | TeamItem | ChannelItem]


async def _extras(session: AsyncSession, told: Sequence[events.Event]) -> Extras:
    agents = {e.agent_id for e in told if isinstance(e, events.AgentChanged | events.AvailabilityChanged)}
    teams = {e.team_id for e in told if isinstance(e, events.TeamChanged)}
    channels = {e.channel_id for e in told if isinstance(e, events.ChannelChanged)}
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
    about = {
        events.AgentChanged: "agent",
        events.AvailabilityChanged: "agent",
        events.TeamChanged: "team",
        events.ChannelChanged: "channel",
    }.get(type(event))
    if about is not None:
        members[about] = extras.get(getattr(event, f"{about}_id"))
    return ENCODER.encode(members)[:-1]


def payload(batch: Batch, viewer: Viewer, kind: object) -> bytes:
    """Write what one recipient gets of a batch: a finished frame with a JSON array; empty when nothing is theirs.

    `kind` stands for all viewers with the same rights and teams: they get the very same bytes, unless one of them
    is an assignee, a reader, or mentioned.
    """
    key: object = viewer.agent_id if batch.special and viewer.agent_id in batch.special else kind
    known = batch.written.get(key)
    if known is None:
        frames = [frame for line in batch.lines if (frame := _frame(line, viewer)) is not None]
        if batch.afresh:
            frames.append(ENCODER.encode(Reset(reason="rights_changed", cursor=str(batch.position))))
        known = batch.written[key] = framed(b"[" + b",".join(frames) + b"]") if frames else b""
    return known


def _frame(line: Line, viewer: Viewer) -> bytes | None:
    entry = line.entry
    if entry.private_to is not None and entry.private_to != viewer.agent_id:
        return None
    if entry.conversation_id is None:
        return _written(line, None)
    if line.row is None or not sees(viewer, line.row.team_id, line.row.assignee_id):
        return _written(line, None) if _may_have_seen(line, viewer) else None
    mine = mine_of(line.row, line.marks, viewer.agent_id)
    return _written(line, Listed(row=line.row, mine=mine))


def _may_have_seen(line: Line, viewer: Viewer) -> bool:
    """A conversation that moves out of sight is told once, without a word of what is in it."""
    if not isinstance(line.event, events.ConversationAssigned):
        return False
    return line.before is None or any(sees(viewer, *place) for place in line.before)


def _written(line: Line, listed: Listed | None) -> bytes:
    key = None if listed is None else (listed.mine.views, listed.mine.inbound_read, listed.mine.draft)
    known = line.written.get(key)
    if known is None:
        hidden = listed is None and line.entry.conversation_id is not None
        head = _gone(line) if hidden else line.head
        item = b"null" if listed is None else ENCODER.encode(line.item)
        known = line.written[key] = head + b',"listed":' + ENCODER.encode(listed) + b',"item":' + item + b"}"
    return known


def _gone(line: Line) -> bytes:
    """Write the head of a line about a conversation its reader does not see any more."""
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
