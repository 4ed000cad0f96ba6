"""`hub channel add` creates the same channel as the settings page, and refuses the same input."""

from argparse import Namespace
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from hub.access.errors import TeamNameUnknown
from hub.admin.channels import create_channel
from hub.admin.errors import ChannelAddressMissing, ChannelAddressTaken
from hub.admin.schemas import NewChannel
from hub.channels.accounts import open_secrets
from hub.channels.models import Channel
from hub.entrypoints.commands import add_channel
from hub.errors import BadInput
from hub.events.definitions import ChannelChanged
from hub.storage.embedded_postgres import EmbeddedPostgres
from tests.support.company import Company, open_company
from tests.support.database import make_database
from tests.support.outbox import more_kinds

MAILBOX: dict[str, object] = {"address": "Help@Hub.test", "smtp_host": "mail.hub.test", "smtp_password": "s3cret"}


@pytest.fixture(scope="session")
def commands_url(postgres: EmbeddedPostgres) -> str:
    return make_database(postgres, "commands")


@pytest.fixture
async def company(commands_url: str, tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(commands_url, tmp_path) as opened:
        yield opened


def chosen(kind: str = "email", name: str = "Help", team: str | None = None, address: str | None = None) -> Namespace:
    return Namespace(kind=kind, name=name, team=team, address=address)


async def channels(company: Company) -> list[Channel]:
    async with company.session() as session:
        return list(await session.scalars(select(Channel).order_by(Channel.created_at)))


async def test_a_channel_is_added_with_its_secrets_sealed_and_its_event_recorded(company: Company) -> None:
    team_id = await company.team("Sales")
    await add_channel(company.context, chosen(team="Sales"), MAILBOX)
    [channel] = await channels(company)
    assert (channel.address, channel.team_id, channel.demo) == ("help@hub.test", team_id, False)
    assert "s3cret" not in str(channel.settings)
    assert open_secrets(company.context.encryptor, channel)["smtp_password"] == "s3cret"
    assert await company.events() == [ChannelChanged(channel_id=channel.id)]


async def test_an_address_that_another_channel_of_the_kind_has_is_a_conflict(company: Company) -> None:
    await add_channel(company.context, chosen(), MAILBOX)
    with pytest.raises(ChannelAddressTaken):
        await add_channel(company.context, chosen(name="Help again"), {"address": "HELP@hub.test"})
    assert [channel.name for channel in await channels(company)] == ["Help"]


async def test_the_public_key_of_a_chat_keeps_its_capitals(company: Company) -> None:
    await add_channel(company.context, chosen("webchat", "Chat"), {"site_name": "Aurora", "key": "Aurora-1"})
    assert [channel.address for channel in await channels(company)] == ["Aurora-1"]


async def test_a_kind_whose_settings_name_no_address_is_given_one(company: Company) -> None:
    provider: dict[str, object] = {"url": "http://127.0.0.1:9", "token": "t", "address": ""}
    with more_kinds():
        with pytest.raises(ChannelAddressMissing) as refused:
            await add_channel(company.context, chosen("post_ask", "Post"), provider)
        await add_channel(company.context, chosen("post_ask", "Post", address="p1"), provider)
    assert refused.value.field == "address"
    assert [channel.address for channel in await channels(company)] == ["p1"]


@pytest.mark.parametrize("name", ["", "x" * 101])
async def test_a_channel_has_a_name_of_up_to_a_hundred_characters(company: Company, name: str) -> None:
    with pytest.raises(BadInput, match="1 to 100 characters"):
        await add_channel(company.context, chosen(name=name), MAILBOX)


async def test_an_unknown_team_is_refused(company: Company) -> None:
    with pytest.raises(TeamNameUnknown, match="no team 'Sals'"):
        await add_channel(company.context, chosen(team="Sals"), MAILBOX)


async def test_a_demo_channel_is_marked_as_one(company: Company) -> None:
    new = NewChannel(kind="email", name="Help", settings=MAILBOX)
    async with company.session() as session:
        await create_channel(session, company.context, new, by=None, demo=True)
    assert [channel.demo for channel in await channels(company)] == [True]
