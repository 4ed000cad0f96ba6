"""Colleagues and channels, as every agent may see them."""

from typing import cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.models import Agent, TeamMember
from hub.channels import registry
from hub.channels.models import Channel
from hub.inbox.schemas import AgentItem, ChannelItem, Intent
from hub.routing.models import Desk


async def agent_items(session: AsyncSession, ids: set[UUID] | None = None) -> list[AgentItem]:
    """Give colleagues as every agent may see them (all of them without `ids`). Two queries.

    Who is online is told by `Present`, not here.
    """
    wanted = select(Agent, Desk.intent).outerjoin(Desk, Desk.agent_id == Agent.id).order_by(Agent.name, Agent.id)
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
            intent=cast("Intent", intent or "offline"),
            online=False,
            disabled=agent.disabled_at is not None,
        )
        for agent, intent in await session.execute(wanted)
    ]


def channel_item(channel: Channel) -> ChannelItem:
    """Give a channel as every agent may see it."""
    return ChannelItem(
        id=channel.id,
        kind=channel.kind,
        name=channel.name,
        address=channel.address,
        team_id=channel.team_id,
        paused=channel.paused_at is not None,
        capabilities=registry.capabilities(channel.kind),
    )
