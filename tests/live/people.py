"""Actions on agents, teams and channels."""

from uuid import UUID

from tests.live.client import Screen
from tests.live.company import until
from tests.live.story import Story, action


async def _invite(story: Story) -> None:
    name = story.live.fresh_name("agent")
    new = {"name": name, "email": f"{name}@hub.test", "role": "agent", "team_ids": [str(story.live.east)]}
    story.mail_id = (await story.olga.ask("POST", "/agents", new))["agent"]["id"]


async def _change(story: Story, **values: object) -> None:
    await story.olga.ask("PATCH", f"/agents/{story.mail_id}", values)


@action("agent_changed", hidden=False, operation="add_agent")
async def invite_agent(story: Story) -> None:
    await _invite(story)


@action("agent_changed", first=(_invite,), hidden=False, operation="change_agent")
async def rename_agent(story: Story) -> None:
    await _change(story, name="Another")


@action("agent_changed", first=(_invite,), hidden=False)
async def disable_agent(story: Story) -> None:
    await _change(story, disabled=True)


@action("agent_changed", "team_changed", first=(_invite,), hidden=False)
async def move_agent(story: Story) -> None:
    await _change(story, team_ids=[str(story.live.west)])


@action("agent_changed", hidden=False, operation="change_me")
async def change_oneself(story: Story) -> None:
    await story.ann.ask("PATCH", "/me", {"name": story.live.fresh_name("Ann")})


@action("availability_changed", hidden=False, operation="set_availability")
async def availability(story: Story) -> None:
    intent = "offline" if story.ann.state.agents[story.ann.agent_id]["intent"] == "away" else "away"
    await story.ann.ask("PUT", "/me/availability", {"intent": intent})


async def _team(story: Story) -> None:
    story.mail_id = (await story.olga.ask("POST", "/teams", {"name": story.live.fresh_name("team")}))["id"]


@action("team_changed", hidden=False, operation="add_team")
async def add_team(story: Story) -> None:
    await _team(story)


@action("team_changed", first=(_team,), hidden=False, operation="rename_team")
async def rename_team(story: Story) -> None:
    await story.olga.ask("PATCH", f"/teams/{story.mail_id}", {"name": story.live.fresh_name("renamed")})


async def _full_team(story: Story) -> None:
    """Return a team that has a member and a conversation."""
    await _team(story)
    team, west = story.mail_id, str(story.live.west)
    await story.olga.ask("PATCH", f"/agents/{story.id_of('zoe')}", {"team_ids": [west, team]})
    await story.assign(None, UUID(team))


@action("team_changed", first=(_full_team,), hidden=False, operation="remove_team")
async def remove_team(story: Story) -> None:
    await story.olga.ask("DELETE", f"/teams/{story.mail_id}")


@action("agent_changed", first=(_team,), hidden=False)
async def membership_of_the_viewer(story: Story) -> None:
    """An agent who joins a team sees the team's conversations, and no longer after leaving it."""
    await story.assign(None, UUID(story.mail_id))
    resets = _count(story.ann)
    for teams in ([str(story.live.east), story.mail_id], [str(story.live.east)]):
        await story.olga.ask("PATCH", f"/agents/{story.id_of('ann')}", {"team_ids": teams})
        resets += 1
        await _resets(story.ann, resets)
        await story.live.same(story.ann)
        assert (story.customer.conversation_id in story.ann.state.rows) == (story.mail_id in teams)


def _count(screen: Screen) -> int:
    return sum(frame["type"] == "reset" for frame in screen.heard)


async def _resets(screen: Screen, many: int) -> None:
    await until(lambda: _count(screen) >= many, within=2)


async def _channel(story: Story) -> None:
    new = {"kind": "webchat", "name": "Chat", "settings": {"site_name": "Aurora"}}
    story.mail_id = (await story.olga.ask("POST", "/channels", new))["id"]


@action("channel_changed", hidden=False, operation="addChannel")
async def add_channel(story: Story) -> None:
    await _channel(story)


@action("channel_changed", first=(_channel,), hidden=False, operation="changeChannel")
async def change_channel(story: Story) -> None:
    await story.olga.ask("PATCH", f"/channels/{story.mail_id}", {"name": "Talk", "team_id": str(story.live.west)})


async def _pause(story: Story) -> None:
    await story.olga.ask("PUT", f"/channels/{story.mail_id}/pause")


@action("channel_changed", first=(_channel,), hidden=False, operation="pauseChannel")
async def pause_channel(story: Story) -> None:
    await _pause(story)


@action("channel_changed", first=(_channel, _pause), hidden=False, operation="resumeChannel")
async def resume_channel(story: Story) -> None:
    await story.olga.ask("DELETE", f"/channels/{story.mail_id}/pause")


async def _last_of_its_kind(story: Story) -> None:
    """A channel of a kind that no other channel has: its icon is needed after it is archived, too."""
    new = {"kind": "brittle", "name": "Brittle", "settings": {}, "address": "brittle"}
    story.mail_id = (await story.olga.ask("POST", "/channels", new))["id"]


@action("channel_changed", first=(_last_of_its_kind,), hidden=False, operation="archiveChannel")
async def archive_channel(story: Story) -> None:
    await story.olga.ask("DELETE", f"/channels/{story.mail_id}")
