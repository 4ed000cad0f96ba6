"""Verify a visitor's identity, signed by the web site's server: an HMAC over three fields, or a JWT."""

import base64
import binascii
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from hub.channels.chat_contract import Verified
from hub.visitors.errors import (
    IdentityEmailInvalid,
    IdentityExpired,
    IdentityIdInvalid,
    IdentitySignatureWrong,
    IdentityTokenMalformed,
)
from hub.visitors.protocol import SignedIdentity

MAX_LIFETIME = timedelta(days=1)
MAX_USER_ID = 200
_EMAIL = re.compile(r"[^@\s|<>\",;]{1,64}@[^@\s|<>\",;]{1,190}")
_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class _Header(Struct, frozen=True):
    """The header of a JWT; keys named by the sender (`jwk`, `jku`, `kid`) are never used."""

    alg: str


class _Claims(Struct, frozen=True, kw_only=True):
    """The claims of a JWT; `sub` or `user_id` identifies the customer."""

    exp: int
    aud: str
    sub: str = ""
    user_id: str = ""
    email: str = ""
    name: str | None = None


def sign(secret: str, *, user_id: str, email: str, exp: int) -> str:
    """Return the hex HMAC-SHA256 over `id|email|exp` (`exp` in Unix seconds) with the channel's secret."""
    return hmac.new(secret.encode(), f"{user_id}|{email}|{exp}".encode(), hashlib.sha256).hexdigest()


def verify(secret: str, identity: SignedIdentity, now: datetime) -> Verified:
    """Verify a signed identity; raises `Forged` if the signature, the expiry or a field is wrong."""
    expected = sign(secret, user_id=identity.id, email=identity.email, exp=identity.exp)
    _require_signature(
        secret, holds=hmac.compare_digest(expected.encode(), identity.signature.encode("utf-8", "replace"))
    )
    _check_expiry(identity.exp, now)
    return _validated(identity.id, identity.email, identity.name)


def verify_jwt(secret: str, token: str, *, audience: str, now: datetime) -> Verified:
    """Verify a JWT (RFC 7519) signed with HS256; raises `Forged`.

    `audience` is the public key of the chat (claim `aud`); `exp` may be at most a day ahead.
    """
    header, payload, signature = _split_jwt(token)
    _require_signature(secret, holds=_decode_header(header).alg == "HS256")
    signed = token.rpartition(".")[0].encode()
    _require_signature(
        secret, holds=hmac.compare_digest(hmac.new(secret.encode(), signed, hashlib.sha256).digest(), signature)
    )
    claims = _decode_claims(payload)
    _require_signature(secret, holds=claims.aud == audience)
    _check_expiry(claims.exp, now)
    return _validated(claims.sub or claims.user_id, claims.email, claims.name)


def _validated(user_id: str, email: str, name: str | None) -> Verified:
    if not user_id or "|" in user_id or "|" in email or len(user_id) > MAX_USER_ID:
        raise IdentityIdInvalid(most=MAX_USER_ID)
    if email and not _EMAIL.fullmatch(email):
        raise IdentityEmailInvalid
    return Verified(user_id=user_id, email=email or None, name=name)


def _require_signature(secret: str, *, holds: bool) -> None:
    if not secret or not holds:
        raise IdentitySignatureWrong


def _check_expiry(exp: int, now: datetime) -> None:
    try:
        ends_at = datetime.fromtimestamp(exp, UTC)
    except (ValueError, OverflowError, OSError):
        raise IdentityExpired from None
    if not now < ends_at <= now + MAX_LIFETIME:
        raise IdentityExpired


def _split_jwt(token: str) -> tuple[bytes, bytes, bytes]:
    if not _JWT.fullmatch(token):
        raise IdentityTokenMalformed
    try:
        header, payload, signature = (
            base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split(".")
        )
    except binascii.Error:
        raise IdentityTokenMalformed from None
    return header, payload, signature


def _decode_header(raw: bytes) -> _Header:
    try:
        return msgspec.json.decode(raw, type=_Header)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise IdentityTokenMalformed from None


def _decode_claims(raw: bytes) -> _Claims:
    try:
        return msgspec.json.decode(raw, type=_Claims)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise IdentityTokenMalformed from None
