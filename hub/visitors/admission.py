"""Who may come in by the visitors' door: a known chat, an allowed site, a token that is ours."""

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
NEW_FROM_ONE_ADDRESS = 200  # in a quarter of an hour; a whole office may share one
FILES_FROM_ONE_ADDRESS = 100  # in a quarter of an hour
FILES_A_DAY = 300  # from one address
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


class Barred(Exception):
    """Not let in, with the code that the widget understands."""

    def __init__(self, code: Code, *, retry_after: float | None = None) -> None:
        """Keep the code, and how long to wait where waiting helps."""
        super().__init__(code.value)
        self.code = code
        self.retry_after = retry_after
        self.http_status = STATUS.get(code, 403)


class Chat(Struct, frozen=True, kw_only=True):
    """One chat on a site, as it is set up now."""

    channel: Channel
    account: ChatAccount

    def lets_in(self, origin: str | None) -> bool:
        """Tell whether pages of this origin may carry it; exact, and anywhere when none is named."""
        return not self.account.allowed_origins or origin in self.account.allowed_origins


async def chat_of(session: AsyncSession, context: AppContext, key: str) -> Chat:
    """Find a chat by its public key; raises Barred."""
    found = select(Channel).where(Channel.kind == KIND, Channel.address == key, Channel.archived_at.is_(None))
    channel = await session.scalar(found)
    if channel is None or channel.paused_at is not None:
        raise Barred(Code.UNKNOWN_CHAT)
    account = account_of(context.sealer, channel)
    if not isinstance(account, ChatAccount):
        raise Barred(Code.UNKNOWN_CHAT)
    return Chat(channel=channel, account=account)


def vouched_for(chat: Chat, asked: NewVisitor, at: datetime) -> Verified | None:
    """Check what the site's server signed; raises Barred when it is forged, or missing where it is required."""
    secret = chat.account.identity_secret
    try:
        if asked.jwt is not None:
            return verify_jwt(secret, asked.jwt, audience=chat.account.key, now=at)
        if asked.identity is not None:
            return verify(secret, asked.identity, at)
    except Forged:
        raise Barred(Code.BAD_IDENTITY) from None
    if chat.account.require_verification:
        raise Barred(Code.VERIFICATION_REQUIRED)
    return None


async def admit(
    session: AsyncSession,
    chat: Chat,
    asked: NewVisitor,
    *,
    verified: Verified | None,
    user_agent: str,
) -> tuple[Visitor, str]:
    """Make a visitor with a secret of its own; a signed-in customer keeps one point over all devices."""
    token, visitor_id = secrets.token_urlsafe(32), new_id()
    visitor = Visitor(
        id=visitor_id,
        channel_id=chat.channel.id,
        token_hash=_digest(token),
        point_value=customer_point(chat.account.key, verified.user_id) if verified else visitor_point(visitor_id),
        verified_user=verified.user_id if verified else None,
        verified_email=verified.email if verified else None,
        name=verified.name if verified else None,
        locale=asked.locale,
        page_url=asked.page,
        user_agent=user_agent[:300],
    )
    session.add(visitor)
    return visitor, token


async def visitor_of(session: AsyncSession, chat: Chat, token: str | None) -> Visitor:
    """Find whose token this is, for this chat; raises Barred."""
    found = select(Visitor).where(Visitor.token_hash == _digest(token or ""), Visitor.channel_id == chat.channel.id)
    visitor = await session.scalar(found) if token else None
    if visitor is None:
        raise Barred(Code.NOT_ADMITTED)
    if chat.account.require_verification and visitor.verified_user is None:
        raise Barred(Code.VERIFICATION_REQUIRED)
    return visitor


async def paced(context: AppContext, limit: Limit) -> None:
    """Count one try, whatever becomes of it; raises Barred when it is one too many."""
    async with context.transaction() as session:
        wait = await count_attempt(session, [limit], now())
    if wait is not None:
        raise Barred(Code.TOO_FAST, retry_after=max(1.0, wait.total_seconds()))


def facts_of(visitor: Visitor) -> Verified | None:
    """Give back what was proved of a visitor."""
    if visitor.verified_user is None:
        return None
    return Verified(user_id=visitor.verified_user, email=visitor.verified_email, name=visitor.name)


def upload_limits(visitor_id: UUID, address: str) -> tuple[Limit, ...]:
    """Limit uploads: ten a minute of one visitor, and what one address can fill the disk with as many visitors."""
    return (
        Limit(subject=f"uploads of {visitor_id}", most=10, length=timedelta(minutes=1)),
        Limit(subject=f"uploads from {address}", most=FILES_FROM_ONE_ADDRESS),
        Limit(subject=f"uploads of a day from {address}", most=FILES_A_DAY, length=timedelta(days=1)),
    )


def arrival_limit(address: str) -> Limit:
    """Limit new visitors from one address."""
    return Limit(subject=f"visitors from {address}", most=NEW_FROM_ONE_ADDRESS)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
