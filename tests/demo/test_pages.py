import base64
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace
from sqlalchemy import select, update

from hub.channels.email.mail_server import MailServer
from hub.channels.models import Channel
from hub.demo.mailboxes import DemoMailboxes
from hub.demo.models import DemoMail
from hub.demo.pages import MAX_MAILS, demo_router
from hub.demo.schemas import CUSTOMERS, DOMAIN
from hub.storage.embedded_postgres import EmbeddedPostgres
from tests.support.company import Company, open_company
from tests.support.database import make_database
from tests.visitors.site import make_chat, serve

ANA = CUSTOMERS[0]


@pytest.fixture(scope="module")
def demo_url(postgres: EmbeddedPostgres) -> str:
    return make_database(postgres, "demo")


@pytest.fixture
async def company(demo_url: str, tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(demo_url, tmp_path) as opened:
        yield opened


@pytest.fixture
async def client(company: Company) -> AsyncIterator[httpx.AsyncClient]:
    async with serve(company, demo_router) as base, httpx.AsyncClient(base_url=f"http://{base}") as opened:
        yield opened


@pytest.fixture
async def demo(company: Company) -> None:
    await make_chat(company)
    async with company.session() as session:
        await session.execute(update(Channel).values(demo=True))
        session.add(Channel(kind="email", name="Help", address="help@aurora.example", demo=True))


class Post:
    """The hub's own SMTP server, with the mails it accepted."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.port = 0

    async def accept(self, recipients: tuple[str, ...], raw: bytes) -> None:
        assert recipients == ("help@aurora.example",)
        self.mails.append(message_from_bytes(raw, policy=policy.default))

    async def knows(self, address: str) -> bool:
        return address == "help@aurora.example"


@pytest.fixture
async def mail_server(company: Company) -> AsyncIterator[Post]:
    post, opened = Post(), MailServer()
    await opened.start("127.0.0.1", None, 0, post.accept, knows=post.knows)
    object.__setattr__(company.context, "settings", replace(company.context.settings, smtp_port=opened.smtp_port))
    yield post
    await opened.stop()


async def test_without_a_demo_there_is_nothing(client: httpx.AsyncClient) -> None:
    for path in ("/api/demo/pages", "/api/demo/identity?user=c-1001", f"/api/demo/mails?address={ANA.email}"):
        assert (await client.get(path)).status_code == 404


async def test_the_shops_signature_is_taken_by_its_own_chat(client: httpx.AsyncClient, demo: None) -> None:
    key = (await client.get("/api/demo/pages")).json()["key"]
    identity = (await client.get("/api/demo/identity", params={"user": ANA.id})).json()
    admitted = await client.post(f"/api/chat/{key}/visitors", json={"identity": identity})
    assert admitted.json()["verified"]
    assert (await client.get("/api/demo/identity?user=nobody")).status_code == 404


async def test_a_customers_mail_goes_through_our_mail_server(
    client: httpx.AsyncClient, demo: None, mail_server: Post
) -> None:
    sent = {
        "sender": ANA.email,
        "name": ANA.name,
        "to": "help@aurora.example",
        "subject": "¿Dónde está?",
        "text": "Hola",
        "filename": "box.png",
        "media_type": "image/png",
        "content": base64.b64encode(b"PNG").decode(),
    }
    answer = await client.post("/api/demo/mails", json=sent)
    assert answer.status_code == 201, answer.text
    (mail,) = mail_server.mails
    assert (mail["From"], mail["Subject"]) == (f"{ANA.name} <{ANA.email}>", "¿Dónde está?")
    assert mail["Message-ID"] == answer.json()["message_id"]
    assert [part.get_filename() for part in mail.iter_attachments()] == ["box.png"]


async def test_a_reply_names_the_mail_it_answers(
    client: httpx.AsyncClient, demo: None, mail_server: Post, company: Company
) -> None:
    raw = b"From: help@aurora.example\r\nSubject: Re: x\r\nMessage-ID: <2@a>\r\nReferences: <1@b>\r\n\r\nhello\r\n"
    await DemoMailboxes().accept(company.context, ANA.email.upper(), raw)
    (mail,) = (await client.get("/api/demo/mails", params={"address": ANA.email})).json()
    assert (mail["subject"], mail["text"].strip()) == ("Re: x", "hello")
    reply = {"sender": ANA.email, "to": "help@aurora.example", "text": "thanks", "answers": mail["id"]}
    assert (await client.post("/api/demo/mails", json=reply)).status_code == 201
    assert (mail_server.mails[0]["In-Reply-To"], mail_server.mails[0]["References"]) == ("<2@a>", "<1@b> <2@a>")


@pytest.mark.parametrize(
    "wrong",
    [
        {"sender": "boss@aurora.example"},
        {"sender": f"a@{DOMAIN}\r\nBcc: x@y"},
        {"subject": "a\nb"},
        {"to": "nobody@aurora.example"},
        {"content": "not base64!", "filename": "x"},
        {"unknown": 1},
    ],
)
async def test_a_mail_that_cannot_be_sent_says_why(
    client: httpx.AsyncClient, demo: None, mail_server: Post, wrong: dict[str, object]
) -> None:
    right = {"sender": ANA.email, "to": "help@aurora.example", "text": "x"}
    answer = await client.post("/api/demo/mails", json=right | wrong)
    assert answer.status_code in {400, 422}, answer.text
    assert mail_server.mails == []


async def test_a_demo_is_no_mail_gun(client: httpx.AsyncClient, demo: None, mail_server: Post) -> None:
    mail = {"sender": ANA.email, "to": "help@aurora.example", "text": "x"}
    told = [(await client.post("/api/demo/mails", json=mail)).status_code for _ in range(MAX_MAILS + 1)]
    assert told == [201] * MAX_MAILS + [429]


async def test_mail_for_other_domains_is_not_the_demos(company: Company, demo: None) -> None:
    boxes = DemoMailboxes()
    assert await boxes.knows(company.context, f"anybody@{DOMAIN.upper()}")
    assert not await boxes.knows(company.context, f"anybody@sub.{DOMAIN}")
    async with company.session() as session:
        assert (await session.scalars(select(DemoMail))).all() == []


async def test_the_pages_are_served_under_a_strict_policy(client: httpx.AsyncClient) -> None:
    for path in ("/demo", "/demo/shop", "/demo/mailbox"):
        page = await client.get(path)
        assert page.status_code == 200
        assert "require-trusted-types-for 'script'" in page.headers["content-security-policy"]
    for path in ("/demo/..%2fchat.js", "/demo/shop.html", "/demo/none.js"):
        assert (await client.get(path)).status_code == 404
