"""The frames and commands of the agents' websocket."""

from enum import IntEnum
from typing import Literal
from uuid import UUID

from msgspec import Struct

from hub.events.definitions import Event
from hub.inbox.schemas import AgentItem, ChannelItem, Counts, Listed, TeamItem
from hub.timeline.schemas import Item


class Close(IntEnum):
    """Why the hub closed an agent's socket."""

    DONE = 1000
    TOO_LARGE = 1009  # a command is longer than 4,096 bytes
    BAD_COMMAND = 4400  # a command could not be read
    SIGNED_OUT = 4401  # the session or the token has ended: sign in again
    FORBIDDEN = 4403  # the agent may not read conversations
    TOO_SLOW = 4408  # the client does not read its frames: connect again and catch up
    RESTART = 4409  # the process stops: connect again
    TOO_MANY = 4429  # too many sockets of one agent: close one, or wait before trying again


class Happened(Struct, frozen=True, kw_only=True, tag="happened"):
    """An entry of the timeline, with the rows it concerns as they are now.

    `listed` is None when the conversation is none of this agent's any more: drop it from all lists.
    `item` is the message or event line to put into the open thread, where there is one.
    """

    cursor: str
    event: Event
    conversation_id: UUID | None
    contact_id: UUID | None
    listed: Listed | None = None
    item: Item | None = None
    agent: AgentItem | None = None
    team: TeamItem | None = None
    channel: ChannelItem | None = None


class Counted(Struct, frozen=True, kw_only=True, tag="counted"):
    """The numbers beside the views, now."""

    counts: Counts


class Present(Struct, frozen=True, kw_only=True, tag="present"):
    """Who has the inbox open; no cursor, never replayed."""

    online: tuple[UUID, ...]


class Viewing(Struct, frozen=True, kw_only=True, tag="viewing"):
    """Which colleagues look at a conversation just now."""

    conversation_id: UUID
    agents: tuple[UUID, ...]


class Writing(Struct, frozen=True, kw_only=True, tag="writing"):
    """Somebody is typing: a colleague (agent_id) or the customer (agent_id None). Holds for 6 s."""

    conversation_id: UUID
    agent_id: UUID | None
    mode: Literal["reply", "note"] = "reply"


class Reset(Struct, frozen=True, kw_only=True, tag="reset"):
    """The cursor is too old, or the agent's rights changed: fetch afresh what is on screen."""

    reason: Literal["too_old", "rights_changed"]
    cursor: str


Frame = Happened | Counted | Present | Viewing | Writing | Reset


class Look(Struct, frozen=True, kw_only=True, tag="look", forbid_unknown_fields=True):
    """I look at this conversation now, or at none; repeat it each 20 s."""

    conversation_id: UUID | None


class Type(Struct, frozen=True, kw_only=True, tag="type", forbid_unknown_fields=True):
    """I am writing in this conversation; at most each 3 s."""

    conversation_id: UUID
    mode: Literal["reply", "note"]


Command = Look | Type
