"""Remembers the team and assignee of conversations, so that only agents who lose access are told to drop one."""

from collections import OrderedDict
from collections.abc import Iterable
from uuid import UUID

from hub.events.definitions import ConversationAssigned
from hub.timeline.schemas import Row

Scope = tuple[UUID | None, UUID | None]  # team, assignee
PreviousScope = frozenset[Scope] | None  # None: not known, so any agent may have seen the conversation
MAX_CONVERSATIONS = 20_000


class LastScopes:
    """The last scopes of the conversations that changed lately, at most `MAX_CONVERSATIONS` of them."""

    def __init__(self) -> None:
        """Begin without any."""
        self._known: OrderedDict[UUID, Scope] = OrderedDict()

    def before(self, conversation_id: UUID, moves: Iterable[ConversationAssigned]) -> PreviousScope:
        """Return the scopes that a conversation had before and during some assignments; None: not known."""
        known = self._known.get(conversation_id)
        return None if known is None else frozenset({known, *((move.team_id, move.agent_id) for move in moves)})

    def remember(self, rows: Iterable[Row]) -> None:
        """Remember the present scopes of these conversations."""
        for row in rows:
            self._known[row.id] = (row.team_id, row.assignee_id)
            self._known.move_to_end(row.id)
        while len(self._known) > MAX_CONVERSATIONS:
            self._known.popitem(last=False)
