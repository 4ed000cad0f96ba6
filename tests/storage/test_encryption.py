"""Encrypted secrets can be read in their own row only, and survive a change of keys."""

import base64
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.settings import Settings
from hub.storage.encryption import Encryptor
from hub.storage.errors import SecretAltered, SecretKeyInvalid, SecretKeyMissing, SecretKeyNeeded, Unopenable

OLD, NEW = os.urandom(32), os.urandom(32)
PLACE = {"table": "channel", "column": "secret", "row": "row-1"}


def ring(current: str = "old") -> Encryptor:
    return Encryptor({"old": OLD, "new": NEW}, current=current)


@given(st.binary(max_size=2000))
def test_an_encrypted_secret_can_be_decrypted(plain: bytes) -> None:
    assert ring().open(ring().seal(plain, **PLACE), **PLACE) == plain


def test_the_same_secret_never_looks_the_same_twice() -> None:
    assert ring().seal(b"secret", **PLACE) != ring().seal(b"secret", **PLACE)


@pytest.mark.parametrize("moved", [{"table": "agent"}, {"column": "token"}, {"row": "row-2"}])
def test_a_sealed_value_moved_elsewhere_is_refused(moved: dict[str, str]) -> None:
    sealed = ring().seal(b"secret", **PLACE)
    with pytest.raises(SecretAltered):
        ring().open(sealed, **(PLACE | moved))


def test_a_changed_byte_is_noticed() -> None:
    version, key, nonce, ciphertext = ring().seal(b"secret", **PLACE).split(".")
    other = ("B" if ciphertext[0] == "A" else "A") + ciphertext[1:]
    with pytest.raises(Unopenable):
        ring().open(f"{version}.{key}.{nonce}.{other}", **PLACE)


@pytest.mark.parametrize("text", ["", "v1", "v2.old.AAAA.AAAA", "v1.old.*.*", "plain text"])
def test_text_that_was_never_encrypted_is_refused(text: str) -> None:
    with pytest.raises(Unopenable):
        ring().open(text, **PLACE)


def test_after_a_rotation_old_values_open_and_can_be_resealed() -> None:
    sealed = ring("old").seal(b"secret", **PLACE)
    assert ring("new").stale(sealed)
    resealed = ring("new").reseal(sealed, **PLACE)
    assert Encryptor({"new": NEW}, current="new").open(resealed, **PLACE) == b"secret"
    assert ring("new").reseal(resealed, **PLACE) == resealed


def test_a_key_that_is_gone_is_named() -> None:
    with pytest.raises(SecretKeyMissing, match="sealed with the key old"):
        Encryptor({"new": NEW}, current="new").open(ring().seal(b"secret", **PLACE), **PLACE)


def test_the_embedded_installation_makes_its_key_once_and_for_itself(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    sealed = Encryptor.from_settings(settings).seal(b"secret", **PLACE)
    assert Encryptor.from_settings(settings).open(sealed, **PLACE) == b"secret"
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600


def test_a_database_of_ones_own_needs_a_key_of_ones_own(tmp_path: Path) -> None:
    with pytest.raises(SecretKeyNeeded):
        Encryptor.from_settings(Settings(data_dir=tmp_path, database_url="postgresql+asyncpg://x/y"))


@pytest.mark.parametrize(
    "text",
    [OLD.hex(), base64.b64encode(OLD).decode(), base64.urlsafe_b64encode(OLD).decode()],
    ids=["hex", "base64", "url-safe"],
)
def test_a_master_key_may_be_written_in_hex_or_base64(tmp_path: Path, text: str) -> None:
    sealed = Encryptor.from_settings(Settings(data_dir=tmp_path, secret_key=OLD.hex())).seal(b"secret", **PLACE)
    now = Settings(data_dir=tmp_path, secret_key=NEW.hex(), previous_secret_keys=(text,))
    assert Encryptor.from_settings(now).open(sealed, **PLACE) == b"secret"


@pytest.mark.parametrize("text", ["short", "00" * 31, "not base64 at all!"])
def test_a_weak_or_garbled_master_key_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SecretKeyInvalid):
        Encryptor.from_settings(Settings(data_dir=tmp_path, secret_key=text))
