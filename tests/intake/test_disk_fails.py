"""A failing disk delays the arrivals that need it and no others; missing bytes are reported and block nothing."""

import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, update

from hub.channels.contract import RawItem
from hub.intake import arrivals, pipeline
from hub.intake.models import Arrival
from hub.intake.pipeline import Intake
from hub.storage.database import now
from hub.storage.embedded_postgres import EmbeddedPostgres
from hub.timeline.blobs import SMALL_BYTES
from hub.timeline.models import Message
from tests.support.company import Company, open_company
from tests.support.database import make_database

HEAD = "From: Ana <ana@x.test>\r\nTo: help@hub.test\r\nMessage-ID: <{id}@x.test>\r\n"
FILE = base64.encodebytes(bytes(range(256)) * (SMALL_BYTES // 128)).decode()
PARTS = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n{text}\r\n--b\r\nContent-Type: image/png\r\n"


@pytest.fixture(scope="session")
def disk_url(postgres: EmbeddedPostgres) -> str:
    return make_database(postgres, "disk")


@pytest.fixture
async def company(disk_url: str, tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(disk_url, tmp_path) as opened:
        opened.context.shared(Intake).store.for_other_processes = True
        yield opened


@pytest.fixture
async def mailbox(company: Company) -> UUID:
    return await company.channel("email", "help@hub.test")


async def keep(company: Company, channel_id: UUID, text: str, *, file: bool = False) -> None:
    head = HEAD.format(id=text.replace(" ", "-"))
    encoded = f"Content-Transfer-Encoding: base64\r\n\r\n{FILE}\r\n--b--\r\n"
    raw = head + (PARTS.format(text=text) + encoded if file else f"\r\n{text}\r\n")
    await company.context.shared(Intake).receive(channel_id, [RawItem(dedupe_key=text, body=raw.encode())])


@contextmanager
def broken_disk(company: Company) -> Iterator[None]:
    """Make the folder of files unusable."""
    folder = company.context.files.folder
    aside = folder.rename(folder.with_name("aside"))
    folder.write_bytes(b"")
    try:
        yield
    finally:
        folder.unlink()
        aside.rename(folder)


async def said(company: Company) -> list[str]:
    async with company.session() as session:
        return [text.strip() for text in await session.scalars(select(Message.body).order_by(Message.body))]


async def due_again(company: Company) -> None:
    async with company.session() as session:
        await session.execute(update(Arrival).where(Arrival.state == "kept").values(due_at=now()))


async def test_files_that_cannot_be_stored_delay_no_other_arrivals_and_come_later(
    company: Company, mailbox: UUID
) -> None:
    await keep(company, mailbox, "with a picture", file=True)
    await keep(company, mailbox, "without")
    claimed = await arrivals.claim(company.context, company.context.shared(Intake).parser)
    with broken_disk(company):
        assert await pipeline.process(company.context, company.context.shared(Intake).parser, claimed) == [], (
            "nothing stays in hand"
        )
    assert await said(company) == ["without"]
    await due_again(company)
    await pipeline.process(
        company.context,
        company.context.shared(Intake).parser,
        await arrivals.claim(company.context, company.context.shared(Intake).parser),
    )
    assert await said(company) == ["with a picture", "without"]


async def test_mails_that_cannot_be_read_from_disk_are_retried_and_not_quarantined(
    company: Company, mailbox: UUID
) -> None:
    await keep(company, mailbox, "with a picture", file=True)
    await keep(company, mailbox, "without")
    with broken_disk(company):
        for _ in range(arrivals.MAX_CLAIMS + 1):
            await pipeline.resume(company.context, company.context.shared(Intake).parser)
            await due_again(company)
    assert await said(company) == ["without"]
    await pipeline.resume(company.context, company.context.shared(Intake).parser)
    assert await said(company) == ["with a picture", "without"]


async def test_a_mail_whose_bytes_are_gone_is_put_aside_with_a_placeholder(company: Company, mailbox: UUID) -> None:
    await keep(company, mailbox, "with a picture", file=True)
    await keep(company, mailbox, "without")
    [path] = [path for path in company.context.files.folder.rglob("*") if path.is_file()]
    backup = path.rename(path.with_name("backup"))
    await pipeline.resume(company.context, company.context.shared(Intake).parser)
    async with company.session() as session:
        found = (await session.scalars(select(Message.unreadable).where(Message.unreadable.is_not(None)))).one()
        [put_aside, _] = await session.scalars(select(Arrival).order_by(Arrival.sequence))
    assert found is not None
    assert "restore it from a backup" in found
    assert put_aside.state == "quarantined"
    await arrivals.retry(company.context, put_aside.id)
    await pipeline.resume(company.context, company.context.shared(Intake).parser)
    assert await said(company) == ["", "without"], "one placeholder, however often it is asked for"
    backup.rename(path)
    await arrivals.retry(company.context, put_aside.id)
    await pipeline.resume(company.context, company.context.shared(Intake).parser)
    assert "with a picture" in await said(company)
