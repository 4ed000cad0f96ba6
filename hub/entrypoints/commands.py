"""Carry out the `hub` commands that do one thing and end; each prints what it did."""

import argparse
import sys
from collections.abc import Awaitable, Callable

import msgspec
from sqlalchemy import select

from hub.access import commands
from hub.access.errors import TeamNameUnknown
from hub.access.models import Team
from hub.admin.channels import create_channel
from hub.admin.schemas import NewChannel
from hub.channels import accounts
from hub.entrypoints.process import context_for, database_url, embedded, known_database, run
from hub.entrypoints.upgrade import migrate
from hub.runtime.context import AppContext
from hub.settings import Settings
from hub.storage.errors import DataFolderHeld


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def with_database(settings: Settings, act: Callable[[Settings, str], Awaitable[None]]) -> None:
    """Run `act` with the database's URL; starts the embedded database for it unless a hub runs it already."""
    try:
        with embedded(settings) as server:
            run(act(settings, database_url(settings, server)))
    except DataFolderHeld as running:
        url = known_database(settings)
        if url is None:
            raise
        run(act(msgspec.structs.replace(settings, public_url=settings.public_url or running.address or None), url))


async def migrated(_: Settings, url: str) -> None:
    """Bring the database up to date."""
    await migrate(url)


def with_context(settings: Settings, act: Callable[[AppContext], Awaitable[object]]) -> None:
    """Bring the database up to date, open the context, and run `act` on it."""

    async def on_context(known: Settings, url: str) -> None:
        await migrate(url)
        async with context_for(known, url) as context:
            await act(context)

    with_database(settings, on_context)


async def add_agent(context: AppContext, chosen: argparse.Namespace) -> None:
    """Add a person or a bot; prints the invitation link of a person."""
    async with context.transaction() as session:
        agent, link = await commands.add_agent(
            session,
            context.settings,
            name=chosen.name,
            email=chosen.email,
            role=chosen.role,
            teams=chosen.team,
            language=chosen.language,
        )
    _print(f"Added {agent.name} ({agent.role}).")
    if link:
        _print(f"They choose a password here, once: {link}")


async def print_owner_link(context: AppContext) -> None:
    """Print a link that signs the owner in once."""
    async with context.transaction() as session:
        owner, link = await commands.owner_link(session, context.settings)
    _print(f"{owner.email}: {link}")


async def reseal(context: AppContext) -> None:
    """Encrypt stored secrets with the current key, so that retired keys can be removed."""
    async with context.transaction() as session:
        number = await accounts.reseal(session, context.encryptor)
    _print(f"Sealed anew: {number}. No stored secret needs a retired key; HUB_PREVIOUS_SECRET_KEYS can go.")


async def add_channel(context: AppContext, chosen: argparse.Namespace, filled_in: dict[str, object]) -> None:
    """Add a channel; raises BadInput when its kind, its settings or its team are wrong."""
    async with context.transaction() as session:
        team_id = await session.scalar(select(Team.id).where(Team.name == chosen.team)) if chosen.team else None
        if chosen.team and team_id is None:
            raise TeamNameUnknown(name=chosen.team)
        new = NewChannel(
            kind=chosen.kind, name=chosen.name, settings=filled_in, address=chosen.address, team_id=team_id
        )
        channel = await create_channel(session, context, new, by=None)
    _print(f"Added {channel.name} ({channel.kind}, {channel.address}).")
