"""The demo's two pages: a small shop with the chat, and a customer's mailbox that sends real mail."""

import asyncio
import base64
import binascii
import smtplib
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery, JSONBody
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.guard import browser_of, own_pages_only
from hub.access.limits import Limit
from hub.access.sign_in import enforce_limits
from hub.channels import accounts
from hub.channels.chat_contract import ChatAccount
from hub.channels.models import Channel
from hub.demo.errors import (
    DemoCustomerUnknown,
    DemoFileMalformed,
    DemoFileNotFound,
    DemoMailGone,
    DemoMailRefused,
    DemoMissing,
    DemoNotBuilt,
    DemoPageNotFound,
    DemoRecipientUnknown,
    DemoSenderForeign,
)
from hub.demo.models import DemoMail
from hub.demo.schemas import CUSTOMERS, DOMAIN, DemoState, Mail, MailFile, NewMail, Sent
from hub.runtime.context import AppContext
from hub.runtime.http import Context, Session, download
from hub.storage.database import now
from hub.visitors.identity import sign
from hub.visitors.protocol import SignedIdentity

PAGES = Path(__file__).parents[1] / "static" / "widget" / "demo"
SIGNED_FOR = timedelta(hours=1)
NEWEST = 50
KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
MAX_MAILS = 60  # from one address in 15 minutes
SMTP_TIMEOUT = 10.0  # seconds for the hub's own SMTP server


@get("/api/demo/pages", operation_id="DemoPages")
async def state(session: Session, context: Context) -> DemoState:
    """Return the chat and the mailbox of the demo pages."""
    chat = await _account(session, context)
    mailbox = await session.scalar(_channel("email"))
    address = mailbox.address if mailbox else ""
    return DemoState(key=chat.key, mailbox=address, domain=DOMAIN, customers=CUSTOMERS)


@get("/api/demo/identity", operation_id="DemoIdentity")
async def identity(user: FromQuery[str], session: Session, context: Context) -> SignedIdentity:
    """Return the signed identity of a customer, as the shop's own server would. Raises NotFound."""
    chat = await _account(session, context)
    customer = next((c for c in CUSTOMERS if c.id == user), None)
    if customer is None:
        raise DemoCustomerUnknown
    exp = int((now() + SIGNED_FOR).timestamp())
    signature = sign(chat.identity_secret, user_id=customer.id, email=customer.email, exp=exp)
    return SignedIdentity(id=customer.id, email=customer.email, name=customer.name, exp=exp, signature=signature)


@get("/api/demo/mails", operation_id="DemoMails")
async def mails(address: FromQuery[str], session: Session, context: Context) -> list[Mail]:
    """List the mails in a customer's mailbox, newest first."""
    await _account(session, context)
    found = select(DemoMail).where(DemoMail.address == address.strip().lower())
    return [_mail(mail) for mail in await session.scalars(found.order_by(DemoMail.received_at.desc()).limit(NEWEST))]


@get("/api/demo/mails/{mail_id:uuid}/files/{number:int}", operation_id="DemoMailFile")
async def mail_file(
    mail_id: FromPath[UUID],
    number: FromPath[int],
    session: Session,
    context: Context,
) -> Response[bytes]:
    """Download a file of a mail."""
    await _account(session, context)
    mail = await _received(session, mail_id)
    files = list(_parsed(mail).iter_attachments())
    if not 0 <= number < len(files):
        raise DemoFileNotFound
    return download(_bytes(files[number]), filename=files[number].get_filename() or "file")


@post("/api/demo/mails", operation_id="DemoSendMail", guards=[own_pages_only], request_max_body_size=15_000_000)
async def send_mail(
    data: JSONBody[NewMail],
    request: Request[object, object, State],
    session: Session,
    context: Context,
) -> Sent:
    """Send a real mail through the hub's own SMTP server."""
    await _account(session, context)
    await enforce_limits(
        context, [Limit(subject=f"demo mails from {browser_of(request).address}", max_attempts=MAX_MAILS)]
    )
    mail = await _compose(session, data)
    port = request.app.state.get("smtp_port") or context.settings.smtp_port or 2525
    try:
        await asyncio.to_thread(_send, mail, data, int(port))
    except smtplib.SMTPRecipientsRefused:
        raise DemoRecipientUnknown(address=data.to) from None
    except (OSError, smtplib.SMTPException) as error:
        raise DemoMailRefused(port=int(port), problem=str(error)) from error
    return Sent(message_id=str(mail["Message-ID"]))


@get(["/demo", "/demo/shop"], include_in_schema=False)
async def shop() -> Response[bytes]:
    """Return the page of the shop."""
    return _page("shop.html")


@get("/demo/mailbox", include_in_schema=False)
async def mailbox() -> Response[bytes]:
    """Return the page of a customer's mailbox."""
    return _page("mailbox.html")


@get("/demo/{name:str}", include_in_schema=False)
async def asset(name: FromPath[str]) -> Response[bytes]:
    """Return a script or style sheet of the two pages; its name contains a digest of it."""
    kind = KINDS.get(Path(name).suffix)
    if kind is None or Path(name).name != name:
        raise DemoPageNotFound
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(_read(name), media_type=kind, headers=headers)


def _channel(kind: str) -> Select[Channel]:
    return select(Channel).where(Channel.kind == kind, Channel.demo, Channel.archived_at.is_(None)).limit(1)


async def _account(session: AsyncSession, context: AppContext) -> ChatAccount:
    channel = await session.scalar(_channel("webchat"))
    account = accounts.account_of(context.encryptor, channel) if channel else None
    if not isinstance(account, ChatAccount):
        raise DemoMissing
    return account


async def _received(session: AsyncSession, mail_id: UUID) -> DemoMail:
    mail = await session.get(DemoMail, mail_id)
    if mail is None:
        raise DemoMailGone
    return mail


async def _compose(session: AsyncSession, data: NewMail) -> EmailMessage:
    sender = data.sender.strip().lower()
    if not sender.endswith("@" + DOMAIN):
        raise DemoSenderForeign(domain=DOMAIN)
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = f'"{data.name}" <{sender}>' if data.name and '"' not in data.name else sender
    mail["To"], mail["Subject"] = data.to, data.subject
    mail["Date"], mail["Message-ID"] = format_datetime(now()), make_msgid(domain=DOMAIN)
    if data.answers is not None:
        _thread(mail, _parsed(await _received(session, data.answers)))
    mail.set_content(data.text)
    _attach(mail, data)
    return mail


def _thread(mail: EmailMessage, answered: EmailMessage) -> None:
    """Keep the thread as a mail program does (RFC 5322 §3.6.4)."""
    message_id = str(answered.get("Message-ID", "")).strip()
    if message_id:
        mail["In-Reply-To"] = message_id
        mail["References"] = f"{answered.get('References', '')} {message_id}".strip()


def _attach(mail: EmailMessage, data: NewMail) -> None:
    if data.content is None:
        return
    try:
        content = base64.b64decode(data.content, validate=True)
    except binascii.Error:
        raise DemoFileMalformed from None
    main, _, sub = data.media_type.partition("/")
    mail.add_attachment(content, maintype=main or "application", subtype=sub or "octet-stream", filename=data.filename)


def _send(mail: EmailMessage, data: NewMail, port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=SMTP_TIMEOUT) as smtp:
        smtp.send_message(mail, from_addr=data.sender.strip().lower(), to_addrs=[data.to])


def _mail(mail: DemoMail) -> Mail:
    parsed = _parsed(mail)
    body = parsed.get_body(preferencelist=("plain", "html"))
    files = tuple(
        MailFile(number=n, filename=part.get_filename() or "file", size=len(_bytes(part)))
        for n, part in enumerate(parsed.iter_attachments())
    )
    return Mail(
        id=mail.id,
        sender=str(parsed.get("From", "")),
        subject=str(parsed.get("Subject", "")),
        text=str(body.get_content()) if body else "",
        answers="In-Reply-To" in parsed,
        files=files,
        received_at=mail.received_at,
    )


def _parsed(mail: DemoMail) -> EmailMessage:
    return message_from_bytes(mail.raw, policy=policy.default)


def _bytes(part: EmailMessage) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else part.as_bytes()


def _page(name: str) -> Response[bytes]:
    headers = {
        "Content-Security-Policy": STRICT,
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }
    return Response(_read(name), media_type="text/html", headers=headers)


def _read(name: str) -> bytes:
    try:
        return (PAGES / name).read_bytes()
    except OSError:
        raise DemoNotBuilt from None


demo_router = Router(
    path="/",
    route_handlers=[state, identity, mails, mail_file, send_mail, shop, mailbox, asset],
    tags=["Demo"],
)
