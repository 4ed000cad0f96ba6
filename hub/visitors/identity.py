"""Who a visitor is, when the shop's own server vouches for it: an HMAC over three fields, or a JWT."""

import base64
import binascii
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from hub.channels.chat_contract import Verified
from hub.errors import Forged
from hub.visitors.protocol import SignedIdentity

LONGEST = timedelta(days=1)
LONGEST_ID = 200
_EMAIL = re.compile(r"[^@\s|<>\",;]{1,64}@[^@\s|<>\",;]{1,190}")
_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class _Header(Struct, frozen=True):
    """Only `alg` counts: keys named by the sender (`jwk`, `jku`, `kid`) are never looked at."""

    alg: str


class _Claims(Struct, frozen=True, kw_only=True):
    """The claims of a JWT; `sub` or `user_id` names the customer."""

    exp: int
    aud: str
    sub: str = ""
    user_id: str = ""
    email: str = ""
    name: str | None = None


def sign(secret: str, *, user_id: str, email: str, exp: int) -> str:
    """Sign as the shop's server does: hex HMAC-SHA256 over `id|email|exp` with the channel's secret."""
    return hmac.new(secret.encode(), f"{user_id}|{email}|{exp}".encode(), hashlib.sha256).hexdigest()


def verify(secret: str, identity: SignedIdentity, now: datetime) -> Verified:
    """Check a signed identity; `Forged` when anything about it does not hold."""
    expected = sign(secret, user_id=identity.id, email=identity.email, exp=identity.exp)
    _require(secret, holds=hmac.compare_digest(expected.encode(), identity.signature.encode("utf-8", "replace")))
    _in_time(identity.exp, now)
    return _facts(identity.id, identity.email, identity.name)


def verify_jwt(secret: str, token: str, *, audience: str, now: datetime) -> Verified:
    """Check a JWT (RFC 7519): HS256 only, `aud` is the chat's key, `exp` at most a day ahead."""
    header, claims, signature = _parts(token)
    _require(secret, holds=_header(header).alg == "HS256")
    signed = token.rpartition(".")[0].encode()
    _require(secret, holds=hmac.compare_digest(hmac.new(secret.encode(), signed, hashlib.sha256).digest(), signature))
    facts = _claims(claims)
    _require(secret, holds=facts.aud == audience)
    _in_time(facts.exp, now)
    return _facts(facts.sub or facts.user_id, facts.email, facts.name)


def _facts(user_id: str, email: str, name: str | None) -> Verified:
    if not user_id or "|" in user_id or "|" in email or len(user_id) > LONGEST_ID:
        raise Forged("The identity needs an id of 1 to 200 characters, without '|'.")
    if email and not _EMAIL.fullmatch(email):
        raise Forged("The identity's e-mail is not an address.")
    return Verified(user_id=user_id, email=email or None, name=name)


def _require(secret: str, *, holds: bool) -> None:
    if not secret or not holds:
        raise Forged("The identity's signature does not match; sign it with this channel's identity secret.")


def _in_time(exp: int, now: datetime) -> None:
    try:
        ends_at = datetime.fromtimestamp(exp, UTC)
    except (ValueError, OverflowError, OSError):
        raise Forged("The identity's exp is not a time.") from None
    if not now < ends_at <= now + LONGEST:
        raise Forged("The identity has expired, or lasts longer than a day; sign a fresh one for each page.")


def _parts(token: str) -> tuple[bytes, bytes, bytes]:
    if not _JWT.fullmatch(token):
        raise Forged("The identity is not a JWT of three parts.")
    try:
        header, claims, signature = (base64.urlsafe_b64decode(s + "=" * (-len(s) % 4)) for s in token.split("."))
    except binascii.Error:
        raise Forged("The identity is not a JWT of three parts.") from None
    return header, claims, signature


def _header(raw: bytes) -> _Header:
    try:
        return msgspec.json.decode(raw, type=_Header)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Forged("The JWT's header cannot be read.") from None


def _claims(raw: bytes) -> _Claims:
    try:
        return msgspec.json.decode(raw, type=_Claims)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Forged("The JWT needs sub, aud and exp.") from None
