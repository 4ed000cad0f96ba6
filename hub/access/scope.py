"""Which conversations a viewer sees: one clause for every list, count, search and export, and its pure twin."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, any_, bindparam, false, or_, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute

from hub.access.rights import Right, Viewer, sees_all

Column = InstrumentedAttribute[Any] | ColumnElement[Any]


def visible(viewer: Viewer, team_id: Column, assignee_id: Column) -> ColumnElement[bool]:
    """Keep the rows of the viewer's teams, of no team, or in the viewer's own hands.

    For WHERE alone: the clause may be NULL where it is not true, so it must not be negated.
    """
    if not viewer.may(Right.CONVERSATIONS_READ):
        return false()
    if sees_all(viewer):
        return true()
    teams = bindparam(
        None, sorted(viewer.team_ids), type_=ARRAY(Uuid), unique=True
    )  # one shape for any number of teams
    return or_(team_id.is_(None), team_id == any_(teams), assignee_id == viewer.agent_id)


def sees(viewer: Viewer, team_id: UUID | None, assignee_id: UUID | None) -> bool:
    """Tell whether a viewer sees one conversation: what `visible` says, for events on a socket."""
    if not viewer.may(Right.CONVERSATIONS_READ):
        return False
    return sees_all(viewer) or team_id is None or team_id in viewer.team_ids or assignee_id == viewer.agent_id
