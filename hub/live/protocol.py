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
    """An entry of the event log, with the rows that it concerns as they are now.

    `listed` is None when this agent may not see the conversation any more: drop it from all lists. `item` is the
    message or event to show in the open conversation (None: nothing).
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
    """The agents who have the inbox open; no cursor, never replayed."""

    online: tuple[UUID, ...]


class Viewing(Struct, frozen=True, kw_only=True, tag="viewing"):
    """The agents who look at a conversation now."""

    conversation_id: UUID
    agents: tuple[UUID, ...]


class Writing(Struct, frozen=True, kw_only=True, tag="writing"):
    """An agent, or the customer (`agent_id` None), is typing. Show it for 6 s."""

    conversation_id: UUID
    agent_id: UUID | None
    mode: Literal["reply", "note"] = "reply"


class Reset(Struct, frozen=True, kw_only=True, tag="reset"):
    """The cursor is too old, or the agent's rights changed: fetch everything on screen again."""

    reason: Literal["too_old", "rights_changed"]
    cursor: str


Frame = Happened | Counted | Present | Viewing | Writing | Reset


class Look(Struct, frozen=True, kw_only=True, tag="look", forbid_unknown_fields=True):
    """The agent looks at this conversation now (None: at none). To be repeated every 20 s."""

    conversation_id: UUID | None


class Type(Struct, frozen=True, kw_only=True, tag="type", forbid_unknown_fields=True):
    """The agent is typing in this conversation. To be sent every 3 s at most."""

    conversation_id: UUID
    mode: Literal["reply", "note"]


Command = Look | Type
