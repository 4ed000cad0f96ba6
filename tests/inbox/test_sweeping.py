"""What nobody needs any more goes, and nothing else."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select, text

from hub.embedded import EmbeddedPostgres
from hub.inbox.sweeping import sweep
from hub.timeline.models import Attachment, Awaited
from tests.routing.world import World, make_database, open_world


@pytest.fixture(scope="session")
def sweeping_url(postgres: EmbeddedPostgres) -> str:
    return make_database(postgres, "sweeping")


@pytest.fixture
async def world(sweeping_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(sweeping_url, tmp_path) as opened:
        yield opened


async def test_what_was_uploaded_and_never_sent_goes_after_two_days(world: World) -> None:
    ann = await world.agent()
    async with world.session() as session:
        for name in ("old.txt", "new.txt"):
            session.add(Attachment(agent_id=ann, digest="0" * 64, filename=name, size=1, media_type="text/plain"))
        await session.flush()
        await session.execute(
            text("update attachment set created_at = now() - interval '3 days' where filename = 'old.txt'")
        )
    await sweep(world.ground)
    async with world.session() as session:
        assert list(await session.scalars(select(Attachment.filename))) == ["new.txt"]


async def test_mails_that_never_came_are_awaited_for_a_month(world: World) -> None:
    channel_id = await world.channel("email", "help@hub.test")
    conversation_id = await world.conversation()
    async with world.session() as session:
        for email_id in ("<old@x.test>", "<new@x.test>"):
            session.add(Awaited(email_id=email_id, conversation_id=conversation_id, channel_id=channel_id))
        await session.flush()
        await session.execute(
            text("update awaited set at = now() - interval '31 days' where email_id = '<old@x.test>'")
        )
    await sweep(world.ground)
    async with world.session() as session:
        assert list(await session.scalars(select(Awaited.email_id))) == ["<new@x.test>"]
