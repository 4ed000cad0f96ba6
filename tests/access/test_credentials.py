"""Passwords and secrets."""

import asyncio

import pytest
from argon2 import PasswordHasher

from hub.access.credentials import PasswordChecker, check_password, fingerprint, new_token
from hub.errors import BadInput, TooMany
from tests.support.staff import PASSWORD


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "x" * 129,
        "aaaaaaaaaaaaaaaa",
        "password1234",
        "Password1234!!",
        "passwordpassword",
        "123456789012",
        "ana.lopez2026",
        "Ana.Lopez!!!!",
        "qwertyuiop123",
    ],
)
def test_a_guessable_password_is_refused(password: str) -> None:
    with pytest.raises(BadInput):
        check_password(password, about=("Ana", "ana.lopez@shop.example"))


@pytest.mark.parametrize("password", [PASSWORD, "träge Füchse am Kanal", "correct pony 8 staple", "ñandú en el jardín"])
def test_a_few_unusual_words_are_accepted(password: str) -> None:
    assert check_password(password, about=("Ana", "ana@shop.example"))


async def test_the_right_password_is_right_however_its_accents_are_typed() -> None:
    proofs = PasswordChecker()
    kept = await proofs.hash(check_password("caf\u00e9 con leche y sol"))
    assert (await proofs.verify(kept, "cafe\u0301 con leche y sol")).correct
    assert not (await proofs.verify(kept, "cafe con leche y sol")).correct
    await proofs.close()


async def test_a_missing_hash_matches_no_password() -> None:
    proofs = PasswordChecker()
    for kept in (None, "", "not a hash"):
        assert not (await proofs.verify(kept, "")).correct
    await proofs.close()


async def test_an_outdated_hash_is_replaced_on_the_way() -> None:
    proofs = PasswordChecker()
    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    verdict = await proofs.verify(weak, PASSWORD)
    assert verdict.correct
    assert verdict.new_hash is not None
    assert "m=19456,t=2,p=1" in verdict.new_hash
    await proofs.close()


async def test_a_full_queue_turns_the_next_one_away() -> None:
    proofs = PasswordChecker(threads=1, waiting=2)
    answers = await asyncio.gather(*(proofs.verify(None, "x") for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(answer, TooMany) for answer in answers) == 7
    assert not (await proofs.verify(None, "x")).correct
    await proofs.close()


def test_a_secret_has_256_bits_and_is_kept_as_its_fingerprint() -> None:
    secrets = {new_token() for _ in range(1000)}
    assert len(secrets) == 1000
    assert min(map(len, secrets)) >= 43
    assert len(fingerprint(secrets.pop())) == 32
