"""Remember the scope of conversations, so that only agents who saw one learn that it went out of sight."""

from collections import OrderedDict
from collections.abc import Iterable
from uuid import UUID

from hub.events.definitions import ConversationAssigned
from hub.timeline.schemas import Row

Scope = tuple[UUID | None, UUID | None]  # team, assignee
PreviousScope = frozenset[Scope] | None  # None: not known, so any agent may have seen the conversation
MOST = 20_000


class LastScopes:
    """The last scopes of the conversations that changed lately, at most `MOST` of them."""

    def __init__(self) -> None:
        """Begin without any."""
        self._known: OrderedDict[UUID, Scope] = OrderedDict()

    def before(self, conversation_id: UUID, moves: Iterable[ConversationAssigned]) -> PreviousScope:
        """Return the scopes that a conversation had before and during some moves; None when that is not known."""
        known = self._known.get(conversation_id)
        return None if known is None else frozenset({known, *((move.team_id, move.agent_id) for move in moves)})

    def note(self, rows: Iterable[Row]) -> None:
        """Remember the present scopes of these conversations."""
        for row in rows:
            self._known[row.id] = (row.team_id, row.assignee_id)
            self._known.move_to_end(row.id)
        while len(self._known) > MOST:
            self._known.popitem(last=False)
