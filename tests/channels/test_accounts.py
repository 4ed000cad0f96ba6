"""The secrets of a channel can be decrypted in its own row only, and survive a change of keys."""

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from hub.channels import registry
from hub.channels.accounts import account_of, create_adapter, open_secrets, reseal, seal_secrets
from hub.channels.errors import AccountUnusable
from hub.channels.models import Channel
from hub.settings import Settings
from hub.storage.embedded_postgres import EmbeddedPostgres
from hub.storage.encryption import Encryptor
from hub.storage.errors import SecretAltered, SecretKeyMissing
from tests.support.company import Company, open_company
from tests.support.database import make_database

OLD, NEW = "5a" * 32, "6b" * 32


@pytest.fixture(scope="session")
def accounts_url(postgres: EmbeddedPostgres) -> str:
    return make_database(postgres, "accounts")


@pytest.fixture
async def company(accounts_url: str, tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(accounts_url, tmp_path) as opened_:
        told = msgspec.structs.replace(opened_.context.settings, secret_key=OLD)
        yield Company(dataclasses.replace(opened_.context, settings=told, encryptor=Encryptor.from_settings(told)))


def encryptor(current: str, *previous: str) -> Encryptor:
    return Encryptor.from_settings(Settings(data_dir=Path(), secret_key=current, previous_secret_keys=previous))


async def mailbox(company: Company, name: str) -> UUID:
    """Return a mailbox whose password is its name."""
    account = registry.account("email", {"address": f"{name}@hub.test", "imap_host": "mail", "imap_password": name})
    shown, secrets = registry.split_secrets("email", account)
    async with company.session() as session:
        channel = Channel(kind="email", name=name, address=f"{name}@hub.test", settings=shown)
        channel.secrets = seal_secrets(company.context.encryptor, channel.id, secrets)
        session.add(channel)
    return channel.id


async def test_two_channels_secrets_that_change_places_open_for_neither(company: Company) -> None:
    first, second = await mailbox(company, "one"), await mailbox(company, "two")
    async with company.session() as session:
        one, two = await session.get_one(Channel, first), await session.get_one(Channel, second)
        assert open_secrets(company.context.encryptor, one)["imap_password"] == "one"
        one.secrets, two.secrets = two.secrets, one.secrets
        await session.flush()
        for channel in (one, two):
            with pytest.raises(SecretAltered):
                account_of(company.context.encryptor, channel)
            with pytest.raises(AccountUnusable):
                create_adapter(company.context.encryptor, channel)


async def test_after_resealing_the_retired_key_can_go(company: Company) -> None:
    ids = [await mailbox(company, name) for name in ("one", "two", "three")]
    await company.channel(address="bare@hub.test")
    for expected in (3, 0):
        async with company.session() as session:
            assert await reseal(session, encryptor(NEW, OLD)) == expected
    async with company.session() as session:
        known = [open_secrets(encryptor(NEW), await session.get_one(Channel, id_)) for id_ in ids]
    assert [each["imap_password"] for each in known] == ["one", "two", "three"]


async def test_resealing_without_the_retired_key_changes_nothing_and_names_it(company: Company) -> None:
    id_ = await mailbox(company, "one")
    with pytest.raises(SecretKeyMissing):
        async with company.session() as session:
            await reseal(session, encryptor(NEW))
    async with company.session() as session:
        assert open_secrets(encryptor(OLD), await session.get_one(Channel, id_))["imap_password"] == "one"
