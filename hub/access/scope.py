"""The rule which conversations a viewer may see: as an SQL clause for queries, and as a pure function."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, any_, bindparam, false, or_, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute

from hub.access.rights import Right, Viewer, sees_all

Column = InstrumentedAttribute[Any] | ColumnElement[Any]


def visible(viewer: Viewer, team_id: Column, assignee_id: Column) -> ColumnElement[bool]:
    """Return a clause true for rows of the viewer's teams, of no team, or assigned to the viewer.

    Use it only in WHERE and never negated: it may be NULL instead of false.
    """
    if not viewer.may(Right.CONVERSATIONS_READ):
        return false()
    if sees_all(viewer):
        return true()
    # An array parameter, so that any number of teams uses the same prepared statement.
    teams = bindparam(None, sorted(viewer.team_ids), type_=ARRAY(Uuid), unique=True)
    return or_(team_id.is_(None), team_id == any_(teams), assignee_id == viewer.agent_id)


def sees(viewer: Viewer, team_id: UUID | None, assignee_id: UUID | None) -> bool:
    """Return whether a viewer may see a conversation; the same rule as `visible`, for events sent to sockets."""
    if not viewer.may(Right.CONVERSATIONS_READ):
        return False
    return sees_all(viewer) or team_id is None or team_id in viewer.team_ids or assignee_id == viewer.agent_id
