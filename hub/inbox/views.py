"""Decides which views a conversation belongs to, and counts them; for lists and the live feed alike. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable
from uuid import UUID

from msgspec import Struct, field

from hub.access.rights import Viewer, sees_all
from hub.access.scope import sees
from hub.events.definitions import State
from hub.inbox.schemas import Counts
from hub.timeline.schemas import Row

VIEWS = ("mine", "unassigned", "mentions", "snoozed", "open", "resolved")


def views_of(row: Row, agent_id: UUID, *, mentioned: bool) -> tuple[str, ...]:
    """Return the names of the views that a visible conversation belongs to for one agent."""
    found = ["mentions"] if mentioned else []
    if row.state == State.SNOOZED:
        found.append("snoozed")
    elif row.state == State.RESOLVED:
        found.append("resolved")
    else:
        found += _open_views(row, agent_id)
    return tuple(found)


def _open_views(row: Row, agent_id: UUID) -> Iterable[str]:
    yield "open"
    if row.assignee_id is None:
        yield "unassigned"
    elif row.assignee_id == agent_id:
        yield "mine"
    if row.team_id is not None:
        yield f"team:{row.team_id}"
    if row.channel_id is not None:
        yield f"channel:{row.channel_id}"


class Group(Struct, frozen=True, kw_only=True):
    """The number of conversations with the same team, assignee, channel and state."""

    team_id: UUID | None
    assignee_id: UUID | None
    channel_id: UUID | None
    state: str
    count: int


class MentionCount(Struct, frozen=True):
    """The number of conversations with the same team and assignee in which one agent is mentioned."""

    team_id: UUID | None
    assignee_id: UUID | None
    count: int


class Tally(Struct, kw_only=True):
    """All open and snoozed conversations, counted in groups, from which each viewer's numbers are computed."""

    groups: tuple[Group, ...]
    mentions: dict[UUID, list[MentionCount]]
    _by_assignee: dict[UUID | None, list[Group]] = field(default_factory=dict)
    _by_team: dict[UUID | None, list[Group]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Index the groups, so that a viewer's numbers need only the viewer's own groups."""
        for group in self.groups:
            self._by_assignee.setdefault(group.assignee_id, []).append(group)
            self._by_team.setdefault(group.team_id, []).append(group)

    def counts(self, viewer: Viewer) -> Counts:
        """Return the number of conversations in each of a viewer's views."""
        open_groups = [group for group in self._visible(viewer) if group.state == State.OPEN]
        return Counts(
            mine=_sum(open_groups, lambda group: group.assignee_id == viewer.agent_id),
            unassigned=_sum(open_groups, lambda group: group.assignee_id is None),
            mentions=sum(
                mention_count.count
                for mention_count in self.mentions.get(viewer.agent_id, ())
                if sees(viewer, mention_count.team_id, mention_count.assignee_id)
            ),
            snoozed=_sum(self._visible(viewer), lambda group: group.state == State.SNOOZED),
            open=_sum(open_groups, lambda _: True),
            teams=_count_by(open_groups, lambda group: group.team_id),
            channels=_count_by(open_groups, lambda group: group.channel_id),
        )

    def _visible(self, viewer: Viewer) -> list[Group]:
        if sees_all(viewer):
            return list(self.groups)
        teams = (None, *viewer.team_ids)
        visible_by_team = [group for team in teams for group in self._by_team.get(team, ()) if sees(viewer, team, None)]
        assigned_to_viewer = [
            group for group in self._by_assignee.get(viewer.agent_id, ()) if group.team_id not in teams
        ]
        return visible_by_team + [
            group for group in assigned_to_viewer if sees(viewer, group.team_id, group.assignee_id)
        ]


def _sum(groups: Iterable[Group], wanted: Callable[[Group], bool]) -> int:
    return sum(group.count for group in groups if wanted(group))


def _count_by(groups: Iterable[Group], key: Callable[[Group], UUID | None]) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for group in groups:
        id_ = key(group)
        if id_ is not None:
            counted[str(id_)] += group.count
    return dict(counted)
