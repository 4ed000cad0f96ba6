"""Lists agents and channels in the form that every agent may see."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.models import Agent, TeamMember
from hub.channels import registry
from hub.channels.contract import Appearance
from hub.channels.models import Channel
from hub.events.definitions import Intent
from hub.inbox.schemas import AgentItem, ChannelItem
from hub.routing.models import Availability


async def agent_items(session: AsyncSession, ids: set[UUID] | None = None) -> list[AgentItem]:
    """List agents by name in the form that every agent may see. Two queries.

    `ids` None: all agents. `online` is always False here; the presence module fills it in.
    """
    found = select(Agent, Availability.intent).outerjoin(Availability, Availability.agent_id == Agent.id)
    wanted = found.order_by(Agent.name, Agent.id)
    wanted = wanted if ids is None else wanted.where(Agent.id.in_(ids))
    members: dict[UUID, list[UUID]] = {}
    for agent_id, team_id in await session.execute(select(TeamMember.agent_id, TeamMember.team_id)):
        members.setdefault(agent_id, []).append(team_id)
    return [
        AgentItem(
            id=agent.id,
            name=agent.name,
            kind=agent.kind,
            role=agent.role,
            team_ids=tuple(sorted(members.get(agent.id, ()))),
            intent=intent or Intent.OFFLINE,
            online=False,
            disabled=agent.disabled_at is not None,
        )
        for agent, intent in await session.execute(wanted)
    ]


def appearances(channels: Iterable[Channel]) -> dict[str, Appearance]:
    """Return how people recognise the kinds of these channels; a kind whose folder has been removed is left out."""
    used = {channel.kind for channel in channels}
    return {kind: registry.appearance(kind) for kind in registry.kinds() if kind in used}


def channel_item(channel: Channel) -> ChannelItem:
    """Return a channel in the form that every agent may see."""
    return ChannelItem(
        id=channel.id,
        kind=channel.kind,
        name=channel.name,
        address=channel.address,
        team_id=channel.team_id,
        paused=channel.paused_at is not None,
        appearance=registry.appearance(channel.kind),
        capabilities=registry.capabilities(channel.kind),
    )
