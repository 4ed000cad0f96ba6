"""Where conversations were when they were last told of: whoever saw one there hears that it went out of sight."""

from collections import OrderedDict
from collections.abc import Iterable
from uuid import UUID

from hub.events.definitions import ConversationAssigned
from hub.timeline.schemas import Row

Place = tuple[UUID | None, UUID | None]  # team, assignee
PreviousScope = frozenset[Place] | None  # None: not known, so anybody may have seen it
MOST = 20_000


class LastScopes:
    """The last places of the conversations that moved lately; what is forgotten is told to everybody."""

    def __init__(self) -> None:
        """Begin knowing nothing."""
        self._known: OrderedDict[UUID, Place] = OrderedDict()

    def before(self, conversation_id: UUID, moves: Iterable[ConversationAssigned]) -> PreviousScope:
        """Tell where a conversation was before and during some moves."""
        known = self._known.get(conversation_id)
        return None if known is None else frozenset({known, *((move.team_id, move.agent_id) for move in moves)})

    def note(self, rows: Iterable[Row]) -> None:
        """Note where these conversations are now."""
        for row in rows:
            self._known[row.id] = (row.team_id, row.assignee_id)
            self._known.move_to_end(row.id)
        while len(self._known) > MOST:
            self._known.popitem(last=False)
