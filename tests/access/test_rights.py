"""Rights: roles, scopes, and which role may change which."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.access.rights import RANK, RIGHTS, Right, Role, Viewer, may, role_change_error, sees_all
from hub.storage.database import new_id

roles = st.sampled_from(Role)
people = st.sampled_from([role for role in Role if role is not Role.BOT])


def viewer(role: Role, agent_id: UUID | None = None, scopes: frozenset[Right] | None = None) -> Viewer:
    return Viewer(agent_id=agent_id or new_id(), role=role, scopes=scopes)


def test_an_owner_may_do_everything() -> None:
    assert RIGHTS[Role.OWNER] == frozenset(Right)


def test_an_auditor_reads_everything_and_writes_nothing() -> None:
    assert all(not right.endswith((":write", ":reassign")) for right in RIGHTS[Role.AUDITOR])
    assert sees_all(viewer(Role.AUDITOR))


@pytest.mark.parametrize("role", [Role.AGENT, Role.BOT])
def test_agents_and_bots_do_not_see_other_teams(role: Role) -> None:
    assert not sees_all(viewer(role))


def test_only_supervisors_and_above_have_the_console() -> None:
    able = {role for role in Role if may(role, Right.DELIVERIES_WRITE)}
    assert able == {Role.OWNER, Role.ADMIN, Role.SUPERVISOR}


@given(roles, st.frozensets(st.sampled_from(Right)))
def test_scopes_only_ever_take_away(role: Role, scopes: frozenset[Right]) -> None:
    assert viewer(role, scopes=scopes).rights == RIGHTS[role] & scopes


@given(people, people)
def test_nobody_raises_their_own_role(old: Role, new: Role) -> None:
    me = viewer(old)
    allowed = role_change_error(me, target_id=me.agent_id, old=old, new=new) is None
    assert not allowed or RANK[new] <= RANK[old]


@given(people, roles, roles)
def test_only_an_owner_makes_or_unmakes_an_owner(actor: Role, old: Role, new: Role) -> None:
    allowed = role_change_error(viewer(actor), target_id=new_id(), old=old, new=new) is None
    assert not allowed or actor is Role.OWNER or Role.OWNER not in {old, new}


@given(roles)
def test_a_bot_stays_a_bot(role: Role) -> None:
    allowed = role_change_error(viewer(Role.OWNER), target_id=new_id(), old=Role.BOT, new=role) is None
    assert allowed == (role is Role.BOT)
