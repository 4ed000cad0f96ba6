"""Who a visitor is, when the shop's own server vouches for it: an HMAC over three fields, or a JWT."""

import base64
import binascii
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from hub.channels.webchat.errors import (
    IdentityEmailInvalid,
    IdentityExpired,
    IdentityIdInvalid,
    IdentitySignatureWrong,
    IdentityTokenMalformed,
)
from hub.channels.webchat.protocol import SignedIdentity

LONGEST = timedelta(days=1)
LONGEST_ID = 200
_EMAIL = re.compile(r"[^@\s|<>\",;]{1,64}@[^@\s|<>\",;]{1,190}")
_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class Verified(Struct, frozen=True, kw_only=True):
    """What the shop's server vouched for."""

    user_id: str
    email: str | None = None
    name: str | None = None


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
        raise IdentityIdInvalid(most=LONGEST_ID)
    if email and not _EMAIL.fullmatch(email):
        raise IdentityEmailInvalid
    return Verified(user_id=user_id, email=email or None, name=name)


def _require(secret: str, *, holds: bool) -> None:
    if not secret or not holds:
        raise IdentitySignatureWrong


def _in_time(exp: int, now: datetime) -> None:
    try:
        ends_at = datetime.fromtimestamp(exp, UTC)
    except (ValueError, OverflowError, OSError):
        raise IdentityExpired from None
    if not now < ends_at <= now + LONGEST:
        raise IdentityExpired


def _parts(token: str) -> tuple[bytes, bytes, bytes]:
    if not _JWT.fullmatch(token):
        raise IdentityTokenMalformed
    try:
        header, claims, signature = (base64.urlsafe_b64decode(s + "=" * (-len(s) % 4)) for s in token.split("."))
    except binascii.Error:
        raise IdentityTokenMalformed from None
    return header, claims, signature


def _header(raw: bytes) -> _Header:
    try:
        return msgspec.json.decode(raw, type=_Header)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise IdentityTokenMalformed from None


def _claims(raw: bytes) -> _Claims:
    try:
        return msgspec.json.decode(raw, type=_Claims)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise IdentityTokenMalformed from None
