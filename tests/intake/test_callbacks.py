import hashlib
from collections.abc import AsyncIterator
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import pytest
from litestar import Litestar
from litestar.datastructures import State
from sqlalchemy import select

from hub.channels.accounts import seal_secrets
from hub.channels.models import Channel
from hub.intake import callbacks
from hub.intake.models import Arrival
from hub.intake.pipeline import Intake
from hub.runtime import security_headers
from hub.runtime.context import AppContext
from hub.runtime.http import DEPENDENCIES, ERROR_HANDLERS
from hub.storage.database import make_engine, make_sessions, new_id
from hub.timeline.models import Blob, Message
from tests.support.outbox import Outbox

KEY = "k" * 24
MAIL = b"From: ann@customers.example\r\nMessage-ID: <1@x>\r\nSubject: Late\r\n\r\nWhere is it?\r\n"


def client_of(context: AppContext) -> httpx.AsyncClient:
    app = Litestar(
        route_handlers=[callbacks.receive],
        dependencies=DEPENDENCIES,
        exception_handlers=ERROR_HANDLERS,
        middleware=[security_headers.security_headers_middleware(secure=False)],
        state=State({"context": context}),
        logging_config=None,
    )
    transport = httpx.ASGITransport(app=cast("Any", app))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


@pytest.fixture
async def client(outbox: Outbox) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(outbox.context) as opened:
        yield opened


@pytest.fixture
async def mailbox(outbox: Outbox) -> UUID:
    channel = Channel(kind="email", name="Mail", address="us@shop.example", settings={"address": "us@shop.example"})
    channel.secrets = seal_secrets(outbox.context.encryptor, channel.id, {"push_key": KEY})
    async with outbox.context.transaction() as session:
        session.add(channel)
    return channel.id


async def push(client: httpx.AsyncClient, channel: object, mail: bytes = MAIL, key: str = KEY) -> httpx.Response:
    sent = {"Authorization": f"Bearer {key}", "Content-Type": "message/rfc822"}
    return await client.post(f"/api/callbacks/{channel}", content=mail, headers=sent)


async def arrivals(context: AppContext) -> list[Arrival]:
    async with context.transaction() as session:
        return list(await session.scalars(select(Arrival).order_by(Arrival.sequence)))


async def test_a_callback_is_stored_before_it_is_acknowledged_and_then_processed(
    client: httpx.AsyncClient, outbox: Outbox, mailbox: UUID
) -> None:
    answer = await push(client, mailbox)
    (arrival,) = await arrivals(outbox.context)
    async with outbox.context.transaction() as session:
        blob = await session.get_one(Blob, hashlib.sha256(MAIL).hexdigest())
    await outbox.context.shared(Intake).processor.wait_until_idle()
    async with outbox.context.transaction() as session:
        bodies = list(await session.scalars(select(Message.body)))
    assert (answer.status_code, answer.content) == (204, b"")
    assert (arrival.channel_id, arrival.digest, blob.body) == (mailbox, blob.digest, MAIL)
    assert arrival.meta["url"] == f"/api/callbacks/{mailbox}"
    assert arrival.meta["headers"].keys() == {"content-type", "user-agent"}
    assert bodies == ["Where is it?"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_second_copy_is_acknowledged_and_stored_once(
    client: httpx.AsyncClient, outbox: Outbox, mailbox: UUID
) -> None:
    answers = [await push(client, mailbox) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 204]
    assert len(await arrivals(outbox.context)) == 1


async def test_an_arrival_left_to_the_workers_is_due_at_once(
    client: httpx.AsyncClient, outbox: Outbox, mailbox: UUID
) -> None:
    outbox.context.shared(Intake).store.for_other_processes = True
    await push(client, mailbox)
    (arrival,) = await arrivals(outbox.context)
    assert (arrival.state, arrival.attempts) == ("kept", 0)
    assert arrival.due_at < arrival.received_at


@pytest.mark.parametrize("key", ["wrong" * 5, ""])
async def test_a_wrong_key_is_refused(client: httpx.AsyncClient, outbox: Outbox, mailbox: UUID, key: str) -> None:
    answer = await push(client, mailbox, key=key)
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
    assert answer.headers["cache-control"] == "no-store"
    assert not await arrivals(outbox.context)


@pytest.mark.parametrize(
    "channel", [uuid4(), "nothing", "", f"{new_id()}/more"], ids=["unknown", "word", "empty", "longer"]
)
async def test_an_unknown_channel_is_not_found(client: httpx.AsyncClient, channel: object) -> None:
    assert (await push(client, channel)).status_code == 404


async def test_nothing_at_all_is_not_kept(client: httpx.AsyncClient, outbox: Outbox, mailbox: UUID) -> None:
    assert (await push(client, mailbox, b"")).status_code == 404
    assert not await arrivals(outbox.context)


async def test_too_large_a_callback_is_refused_by_its_length_and_by_its_bytes(
    client: httpx.AsyncClient, outbox: Outbox, mailbox: UUID
) -> None:
    most = outbox.context.settings.max_mail_bytes
    sent = {"Authorization": f"Bearer {KEY}", "Content-Length": str(most + 1)}

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(most // 2**20 + 1):
            yield bytes(2**20)

    told = await client.post(f"/api/callbacks/{mailbox}", content=MAIL, headers=sent)
    found = await client.post(f"/api/callbacks/{mailbox}", content=pieces(), headers={"Authorization": f"Bearer {KEY}"})
    assert (told.status_code, found.status_code) == (413, 413)
    assert not await arrivals(outbox.context)


async def test_a_length_that_is_no_number_is_refused(client: httpx.AsyncClient, mailbox: UUID) -> None:
    sent = {"Authorization": f"Bearer {KEY}", "Content-Length": "many"}
    assert (await client.post(f"/api/callbacks/{mailbox}", content=MAIL, headers=sent)).status_code == 422


async def test_another_method_is_refused(client: httpx.AsyncClient, mailbox: UUID) -> None:
    assert (await client.get(f"/api/callbacks/{mailbox}")).status_code == 405


async def test_without_a_database_the_provider_is_asked_to_come_again(outbox: Outbox, mailbox: UUID) -> None:
    async with client_of(outbox.context) as client:
        await push(client, mailbox)
    engine = make_engine("postgresql+asyncpg://hub@127.0.0.1:1/hub")
    away = AppContext(
        settings=outbox.context.settings,
        engine=engine,
        sessions=make_sessions(engine),
        signals=outbox.context.signals,
        files=outbox.context.files,
        encryptor=outbox.context.encryptor,
    )
    async with client_of(away) as client:
        answer = await push(client, mailbox)
    await engine.dispose()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


async def test_the_interface_description_has_the_callback_route() -> None:
    app = Litestar(route_handlers=[callbacks.receive], dependencies=DEPENDENCIES)
    assert app.openapi_schema.paths is not None
    assert "/api/callbacks/{channel_id}" in app.openapi_schema.paths
