"""The demo shop: its teams, agents, mailbox and chat."""

from datetime import datetime
from ipaddress import ip_address
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access import commands
from hub.access.models import Agent, Team, TeamMember
from hub.access.rights import Role
from hub.admin.channels import create_channel
from hub.admin.schemas import NewChannel
from hub.channels.models import Channel
from hub.delivery.errors import ProviderSilent, ReportedByProvider
from hub.demo.types import DOMAIN, DemoAgent, Shop
from hub.events.definitions import AgentChanged, ChannelChanged, TeamChanged
from hub.events.log import record
from hub.routing.capacity import CAPS
from hub.routing.models import Availability, Load
from hub.routing.queues import queues_for
from hub.runtime.context import AppContext

TEAMS = ("Sales", "Support", "Returns")
PEOPLE = (
    ("Marta Ruiz", Role.SUPERVISOR, "es", ("en", "es"), ("Sales", "Support")),
    ("Tom Baker", Role.AGENT, "en", ("en",), ("Sales", "Returns")),
    ("James Okoro", Role.SUPERVISOR, "en", ("en",), ("Support", "Returns")),
    ("Inés Vidal", Role.AGENT, "es", ("es", "en"), ("Support", "Sales")),
    ("Nuria Campos", Role.AGENT, "es", ("es",), ("Returns", "Support")),
    ("Grace Lindqvist", Role.AGENT, "en", ("en",), ("Returns", "Support")),
)
HELP = f"help@{DOMAIN}"
DEFAULT_PORT = 2525
TROUBLES = (
    ("doubtful", ProviderSilent().reason),
    ("failed", ReportedByProvider(said="550 5.1.1 There is no mailbox of this name.").reason),
    ("failed", ReportedByProvider(said="552 5.2.2 The mailbox is full.").reason),
)


CHAT: dict[str, object] = {
    "site_name": "Aurora Coffee",
    "greeting_en": "Hi! Coffee questions? We are here.",
    "greeting_es": "¡Hola! ¿Dudas de café? Aquí estamos.",
    "replies_in": 5,
}


async def build(session: AsyncSession, context: AppContext, now: datetime) -> Shop:
    """Create the shop; the owner joins every team."""
    teams = await _teams(session)
    agents = [*await _people(session, teams, now), await _owner(session, teams)]
    mailbox = NewChannel(kind="email", name="Help", settings=_mailbox(context), team_id=teams["Support"])
    mail = await create_channel(session, context, mailbox, by=None, demo=True)
    shop_chat = NewChannel(kind="webchat", name="Shop chat", settings=CHAT, team_id=teams["Sales"])
    chat = await create_channel(session, context, shop_chat, by=None, demo=True)
    for channel in (mail, chat):
        channel.last_in_at = channel.last_out_at = now  # the history says that both are in use
    made = await queues_for(session, list(teams.values()))
    queues = {name: made[team_id] for name, team_id in teams.items()}
    return Shop(
        now=now,
        mail_id=mail.id,
        chat_id=chat.id,
        chat_key=chat.address,
        teams=teams,
        queues=queues,
        agents=agents,
        troubles=list(TROUBLES),
    )


def _mailbox(context: AppContext) -> dict[str, object]:
    """Return the settings of a mailbox that sends to the hub's own SMTP server."""
    return {
        "address": HELP,
        "display_name": "Aurora Coffee",
        "smtp_host": host_of(context),
        "smtp_security": "none",
        "smtp_port": context.settings.smtp_port or DEFAULT_PORT,
    }


def host_of(context: AppContext) -> str:
    """Return the address of the hub's own SMTP server, as seen from this process."""
    host = context.settings.mail_host
    if not host.replace(".", "").isdigit() and ":" not in host:
        return host
    return "127.0.0.1" if ip_address(host).is_unspecified else host


async def _teams(session: AsyncSession) -> dict[str, UUID]:
    taken = set(await session.scalars(select(Team.name)))
    teams = {name: Team(name=f"{name} (demo)" if name in taken else name, demo=True) for name in TEAMS}
    session.add_all(teams.values())
    await session.flush()
    for team in teams.values():
        record(session, TeamChanged(team_id=team.id))
    return {name: team.id for name, team in teams.items()}


async def _people(session: AsyncSession, teams: dict[str, UUID], now: datetime) -> list[DemoAgent]:
    """Create the shop's agents; none of them has a password."""
    agents = []
    for name, role, language, languages, places in PEOPLE:
        agent = Agent(
            name=name,
            role=role,
            email=f"{name.split()[0].lower()}@{DOMAIN}".replace("é", "e"),
            language=language,
            time_zone="Europe/Madrid",
            demo=True,
        )
        session.add(agent)
        await session.flush()
        session.add_all(TeamMember(team_id=teams[place], agent_id=agent.id) for place in places)
        session.add(Availability(agent_id=agent.id, intent_at=now))
        record(session, AgentChanged(agent_id=agent.id))
        agents.append(DemoAgent(id=agent.id, name=name, languages=languages, teams=frozenset(places)))
    return agents


async def _owner(session: AsyncSession, teams: dict[str, UUID]) -> DemoAgent:
    owner = await commands.first_owner(session)
    session.add_all(TeamMember(team_id=team_id, agent_id=owner.id) for team_id in teams.values())
    record(session, AgentChanged(agent_id=owner.id))
    return DemoAgent(id=owner.id, name=owner.name, languages=("en", "es"), teams=frozenset(teams), owner=True)


async def count(session: AsyncSession, shop: Shop) -> None:
    """Store the usage of the agents and the counters of the queues."""
    for (agent_id, work_class), used in sorted(shop.usage.items()):
        row = insert(Load).values(agent_id=agent_id, work_class=work_class, used=used, cap=CAPS[work_class], version=1)
        more = {"used": Load.used + used, "version": Load.version + 1}
        await session.execute(row.on_conflict_do_update(index_elements=["agent_id", "work_class"], set_=more))
    for team, waiting in sorted(shop.queued.items()):
        await session.execute(
            text("update queue set waiting = waiting + :more where id = :id"),
            {"more": waiting, "id": shop.queues[team]},
        )


async def point_to_door(context: AppContext) -> None:
    """Let the demo's mailbox send to the hub's own SMTP server, whichever port it has today."""
    async with context.transaction() as session:
        found = select(Channel).where(Channel.demo, Channel.kind == "email", Channel.archived_at.is_(None))
        channel = await session.scalar(found.limit(1))
        today = {"smtp_host": host_of(context), "smtp_port": context.settings.smtp_port}
        if channel is None or not today["smtp_port"] or today.items() <= channel.settings.items():
            return
        changed = {**channel.settings, **today}
        await session.execute(
            update(Channel).where(Channel.id == channel.id).values(settings=changed, version=Channel.version + 1),
        )
        record(session, ChannelChanged(channel_id=channel.id))
