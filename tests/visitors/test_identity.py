import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hub.channels.chat_contract import Verified
from hub.errors import Forged
from hub.visitors.identity import sign, verify, verify_jwt
from hub.visitors.protocol import SignedIdentity

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
EXP = int((NOW + timedelta(minutes=5)).timestamp())
SECRET, OTHER = "a secret of this chat", "a secret of another chat"


def identity(secret: str = SECRET, **changed: object) -> SignedIdentity:
    facts = {"user_id": "ana", "email": "ana@example.com", "exp": EXP}
    facts |= {k: v for k, v in changed.items() if k in facts}
    signature = sign(secret, user_id=str(facts["user_id"]), email=str(facts["email"]), exp=int(str(facts["exp"])))
    return SignedIdentity(
        id=str(facts["user_id"]), email=str(facts["email"]), exp=int(str(facts["exp"])), signature=signature, name="Ana"
    )


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def jwt(secret: str = SECRET, header: object = None, **claims: object) -> str:
    facts = {"sub": "ana", "email": "ana@example.com", "aud": "shop", "exp": EXP} | claims
    signed = f"{part(header or {'alg': 'HS256', 'typ': 'JWT'})}.{part(facts)}"
    digest = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def test_an_identity_signed_by_the_site_is_accepted() -> None:
    assert verify(SECRET, identity(), NOW) == Verified(user_id="ana", email="ana@example.com", name="Ana")


def test_a_customer_without_an_address_is_one_too() -> None:
    assert verify(SECRET, identity(email=""), NOW).email is None


@pytest.mark.parametrize(
    "forged",
    [
        replace(identity(), id="bob"),
        replace(identity(), email="bob@example.com"),
        replace(identity(), email=""),
        replace(identity(), exp=EXP + 1),
        replace(identity(), signature=""),
        replace(identity(), signature="0" * 64),
        replace(identity(), signature=identity().signature.upper()),
        replace(identity(), signature="é" * 64),
        identity(OTHER),
        identity(""),
        identity(exp=int(NOW.timestamp())),
        identity(exp=int((NOW - timedelta(days=1)).timestamp())),
        identity(exp=int((NOW + timedelta(days=2)).timestamp())),
        identity(exp=10**17),
        identity(exp=-(10**17)),
        identity(user_id=""),
        identity(user_id="a|b"),
        identity(email="not an address"),
        identity(email="a@b|c@d"),
    ],
)
def test_a_forged_or_stale_identity_is_refused(forged: SignedIdentity) -> None:
    with pytest.raises(Forged):
        verify(SECRET, forged, NOW)


def test_a_chat_without_a_secret_accepts_no_identity() -> None:
    with pytest.raises(Forged):
        verify("", identity(""), NOW)


def test_moving_the_boundary_between_id_and_email_does_not_keep_the_signature() -> None:
    real = identity(user_id="ana", email="x@example.com")
    with pytest.raises(Forged):
        verify(SECRET, replace(real, id="ana|x@example.com", email=""), NOW)


@given(st.text(max_size=80), st.text(max_size=80), st.integers(), st.text(max_size=80))
def test_no_guess_is_believed(user_id: str, email: str, exp: int, signature: str) -> None:
    with pytest.raises(Forged):
        verify(SECRET, SignedIdentity(id=user_id, email=email, exp=exp, signature=signature), NOW)


def test_a_jwt_of_the_site_is_believed() -> None:
    assert verify_jwt(SECRET, jwt(name="Ana"), audience="shop", now=NOW) == Verified(
        user_id="ana", email="ana@example.com", name="Ana"
    )


@pytest.mark.parametrize(
    "forged",
    [
        jwt(OTHER),
        jwt(""),
        jwt(header={"alg": "none"}),
        jwt(header={"alg": "hs256"}),
        jwt(header={"alg": "HS512"}),
        jwt(header={"alg": "RS256", "jwk": {"kty": "oct", "k": "AAAA"}}),
        jwt(header={"typ": "JWT"}),
        jwt(header=[1]),
        jwt(aud="another"),
        jwt(aud=["shop"]),
        jwt(aud=""),
        jwt(exp=int(NOW.timestamp())),
        jwt(exp=int((NOW + timedelta(days=2)).timestamp())),
        jwt(exp="soon"),
        jwt(exp=1e300),
        jwt(sub="", user_id=""),
        jwt(sub="a|b"),
        jwt(email="x"),
        jwt().rpartition(".")[0] + ".",
        jwt().rpartition(".")[0],
        jwt() + "A" * 4,
        jwt() + ".x",
        jwt() + "=",
        "",
        "..",
        "a.b.c",
        "é.é.é",
    ],
)
def test_a_forged_jwt_is_refused(forged: str) -> None:
    with pytest.raises(Forged):
        verify_jwt(SECRET, forged, audience="shop", now=NOW)


def test_a_jwt_without_audience_is_refused() -> None:
    header, claims = part({"alg": "HS256"}), part({"sub": "ana", "exp": EXP})
    digest = hmac.new(SECRET.encode(), f"{header}.{claims}".encode(), hashlib.sha256).digest()
    token = f"{header}.{claims}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"
    with pytest.raises(Forged):
        verify_jwt(SECRET, token, audience="shop", now=NOW)


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=200))
def test_no_text_is_a_jwt_of_ours(token: str) -> None:
    with pytest.raises(Forged):
        verify_jwt(SECRET, token, audience="shop", now=NOW)
