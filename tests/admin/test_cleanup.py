"""The clean-up deletes rows and files that are no longer needed, and nothing else."""

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, text

from hub.admin.cleanup import clean_up
from hub.storage.database import now
from hub.storage.embedded_postgres import EmbeddedPostgres
from hub.timeline.models import Attachment, PendingReference
from tests.support.company import Company, open_company
from tests.support.database import make_database


@pytest.fixture(scope="session")
def sweeping_url(postgres: EmbeddedPostgres) -> str:
    return make_database(postgres, "sweeping")


@pytest.fixture
async def company(sweeping_url: str, tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(sweeping_url, tmp_path) as opened:
        yield opened


async def test_unsent_uploads_are_deleted_after_two_days(company: Company) -> None:
    ann = await company.agent()
    async with company.session() as session:
        for name in ("old.txt", "new.txt"):
            session.add(Attachment(agent_id=ann, digest="0" * 64, filename=name, size=1, media_type="text/plain"))
        await session.flush()
        await session.execute(
            text("update attachment set created_at = now() - interval '3 days' where filename = 'old.txt'")
        )
    await clean_up(company.context)
    async with company.session() as session:
        assert list(await session.scalars(select(Attachment.filename))) == ["new.txt"]


async def upload(company: Company, agent_id: UUID, body: bytes, *, days: int) -> str:
    digest = await company.context.files.put(body)
    async with company.session() as session:
        one = Attachment(agent_id=agent_id, digest=digest, filename="x", size=1, media_type="text/plain")
        one.created_at = now() - timedelta(days=days)
        session.add(one)
    return digest


async def test_the_bytes_of_an_upload_go_with_it_unless_somebody_else_has_the_same(company: Company) -> None:
    ann, files = await company.agent(), company.context.files
    gone = await upload(company, ann, b"nobody sent me", days=3)
    shared = await upload(company, ann, b"two have me", days=3)
    await upload(company, ann, b"two have me", days=0)
    for digest in (gone, shared):
        os.utime(files.path(digest), (0, 0))
    again = await upload(company, ann, b"stored anew a moment ago", days=3)
    await clean_up(company.context)
    assert [files.exists(digest) for digest in (gone, shared, again)] == [False, True, True]


async def test_pending_references_are_kept_for_a_month(company: Company) -> None:
    channel_id = await company.channel("email", "help@hub.test")
    conversation_id = await company.conversation()
    async with company.session() as session:
        for email_id in ("<old@x.test>", "<new@x.test>"):
            session.add(PendingReference(email_id=email_id, conversation_id=conversation_id, channel_id=channel_id))
        await session.flush()
        await session.execute(
            text("update awaited set at = now() - interval '31 days' where email_id = '<old@x.test>'")
        )
    await clean_up(company.context)
    async with company.session() as session:
        assert list(await session.scalars(select(PendingReference.email_id))) == ["<new@x.test>"]
