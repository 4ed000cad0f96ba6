"""Admission of visitors: a known chat, an allowed web site, a valid token, and rate limits."""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.limits import Limit, count_attempt
from hub.channels.accounts import account_of
from hub.channels.chat_contract import ChatAccount, Verified, customer_point, visitor_point
from hub.channels.models import Channel
from hub.errors import Forged
from hub.runtime.context import AppContext
from hub.storage.database import new_id, now
from hub.visitors.identity import verify, verify_jwt
from hub.visitors.models import Visitor
from hub.visitors.protocol import Code, NewVisitor

KIND = "webchat"
NEW_FROM_ONE_ADDRESS = 200  # new visitors in 15 minutes; a whole office may share one address
FILES_FROM_ONE_ADDRESS = 100  # uploads in 15 minutes
FILES_A_DAY = 300  # uploads from one address
STATUS = {
    Code.UNKNOWN_CHAT: 404,
    Code.UNKNOWN_FILE: 404,
    Code.NOT_ADMITTED: 401,
    Code.TOO_FAST: 429,
    Code.TOO_LARGE: 413,
    Code.UNAVAILABLE: 503,
    Code.BAD_FRAME: 422,
    Code.EMPTY: 422,
}


class AdmissionRefused(Exception):
    """A visitor's request or socket was refused; the widget shows the text for the code."""

    def __init__(self, code: Code, *, retry_after: float | None = None) -> None:
        """Store the code, and the seconds after which to try again; None means that trying again does not help."""
        super().__init__(code.value)
        self.code = code
        self.retry_after = retry_after
        self.http_status = STATUS.get(code, 403)


class Chat(Struct, frozen=True, kw_only=True):
    """A web chat with its current settings."""

    channel: Channel
    account: ChatAccount

    def allows_origin(self, origin: str | None) -> bool:
        """Return whether pages of this origin may show the chat; any may when no origin is configured."""
        return not self.account.allowed_origins or origin in self.account.allowed_origins


async def find_chat(session: AsyncSession, context: AppContext, key: str) -> Chat:
    """Return the chat with this public key. Raises AdmissionRefused when it is unknown or paused."""
    query = select(Channel).where(Channel.kind == KIND, Channel.address == key, Channel.archived_at.is_(None))
    channel = await session.scalar(query)
    if channel is None or channel.paused_at is not None:
        raise AdmissionRefused(Code.UNKNOWN_CHAT)
    account = account_of(context.encryptor, channel)
    if not isinstance(account, ChatAccount):
        raise AdmissionRefused(Code.UNKNOWN_CHAT)
    return Chat(channel=channel, account=account)


def verified_identity(chat: Chat, new: NewVisitor, at: datetime) -> Verified | None:
    """Return the identity that the site's server signed; None for an anonymous visitor.

    Raises AdmissionRefused when the signature is wrong, or missing in a chat that requires one.
    """
    secret = chat.account.identity_secret
    try:
        if new.jwt is not None:
            return verify_jwt(secret, new.jwt, audience=chat.account.key, now=at)
        if new.identity is not None:
            return verify(secret, new.identity, at)
    except Forged:
        raise AdmissionRefused(Code.BAD_IDENTITY) from None
    if chat.account.require_verification:
        raise AdmissionRefused(Code.VERIFICATION_REQUIRED)
    return None


async def create_visitor(
    session: AsyncSession,
    chat: Chat,
    new: NewVisitor,
    *,
    verified: Verified | None,
    user_agent: str,
) -> tuple[Visitor, str]:
    """Create a visitor and return it with its secret token, which is stored only as a digest.

    A verified customer has the same contact point on all devices.
    """
    token, visitor_id = secrets.token_urlsafe(32), new_id()
    visitor = Visitor(
        id=visitor_id,
        channel_id=chat.channel.id,
        token_hash=_digest(token),
        point_value=customer_point(chat.account.key, verified.user_id) if verified else visitor_point(visitor_id),
        verified_user=verified.user_id if verified else None,
        verified_email=verified.email if verified else None,
        name=verified.name if verified else None,
        locale=new.locale,
        page_url=new.page,
        user_agent=user_agent[:300],
    )
    session.add(visitor)
    return visitor, token


async def find_visitor(session: AsyncSession, chat: Chat, token: str | None) -> Visitor:
    """Return the visitor of this chat with this token. Raises AdmissionRefused for an unknown or missing token."""
    query = select(Visitor).where(Visitor.token_hash == _digest(token or ""), Visitor.channel_id == chat.channel.id)
    visitor = await session.scalar(query) if token else None
    if visitor is None:
        raise AdmissionRefused(Code.NOT_ADMITTED)
    if chat.account.require_verification and visitor.verified_user is None:
        raise AdmissionRefused(Code.VERIFICATION_REQUIRED)
    return visitor


async def enforce_limit(context: AppContext, limit: Limit) -> None:
    """Count one attempt, even if it fails later. Raises AdmissionRefused when the limit is exceeded."""
    async with context.transaction() as session:
        wait = await count_attempt(session, [limit], now())
    if wait is not None:
        raise AdmissionRefused(Code.TOO_FAST, retry_after=max(1.0, wait.total_seconds()))


def proved_identity(visitor: Visitor) -> Verified | None:
    """Return the verified identity stored with a visitor; None for an anonymous one."""
    if visitor.verified_user is None:
        return None
    return Verified(user_id=visitor.verified_user, email=visitor.verified_email, name=visitor.name)


def upload_limits(visitor_id: UUID, address: str) -> tuple[Limit, ...]:
    """Return the limits of uploads: per visitor and minute, and per address, which can have any number of visitors."""
    return (
        Limit(subject=f"uploads of {visitor_id}", max_attempts=10, window=timedelta(minutes=1)),
        Limit(subject=f"uploads from {address}", max_attempts=FILES_FROM_ONE_ADDRESS),
        Limit(subject=f"uploads of a day from {address}", max_attempts=FILES_A_DAY, window=timedelta(days=1)),
    )


def new_visitor_limit(address: str) -> Limit:
    """Return the limit of new visitors from one address."""
    return Limit(subject=f"visitors from {address}", max_attempts=NEW_FROM_ONE_ADDRESS)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
