"""Encrypt stored secrets with AES-256-GCM, bound to their row, with key ids for rotation."""

import base64
import binascii
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.settings import Settings
from hub.storage.errors import SecretAltered, SecretKeyInvalid, SecretKeyMissing, SecretKeyNeeded, SecretMalformed

KEY_BYTES = 32
NONCE_BYTES = 12
PURPOSE = b"hub sealed column v1"


class Encryptor:
    """Several keys: encrypts with the current one, decrypts with any of them."""

    def __init__(self, keys: Mapping[str, bytes], current: str) -> None:
        """Keep 32-byte keys by their ids, and the id of the current one."""
        self.current = current
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the encryptor of this installation, with its master key and its retired keys."""
        masters = [read_key(text, "HUB_PREVIOUS_SECRET_KEYS") for text in settings.previous_secret_keys]
        masters.insert(0, master_key(settings))
        keys = {key_id(master): _derived(master) for master in masters}
        return cls(keys, current=key_id(masters[0]))

    def seal(self, plain: bytes, *, table: str, column: str, row: UUID | str) -> str:
        """Encrypt a value for one row and column; returns v1.KEY.NONCE.CIPHERTEXT."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._ciphers[self.current].encrypt(nonce, plain, _place(table, column, row))
        return f"v1.{self.current}.{_encoded(nonce)}.{_encoded(sealed)}"

    def open(self, sealed: str, *, table: str, column: str, row: UUID | str) -> bytes:
        """Decrypt a value of this row and column; raises Unopenable."""
        key, nonce, ciphertext = _parts(sealed)
        cipher = self._ciphers.get(key)
        if cipher is None:
            raise SecretKeyMissing(place=f"{table}.{column} of {row}", key=key)
        try:
            return cipher.decrypt(nonce, ciphertext, _place(table, column, row))
        except (InvalidTag, ValueError) as error:
            raise SecretAltered(place=f"{table}.{column} of {row}") from error

    def stale(self, sealed: str) -> bool:
        """Return whether a value needs a retired key."""
        return _parts(sealed)[0] != self.current

    def reseal(self, sealed: str, *, table: str, column: str, row: UUID | str) -> str:
        """Return the value encrypted with the current key, or unchanged if it is already; raises Unopenable."""
        if not self.stale(sealed):
            return sealed
        return self.seal(self.open(sealed, table=table, column=column, row=row), table=table, column=column, row=row)


def master_key(settings: Settings) -> bytes:
    """The master key of this installation; raises SetupError where there is none, and none may be made.

    With the embedded database a key is made on the first start and kept beside the data.
    """
    if settings.secret_key is not None:
        return read_key(settings.secret_key, "HUB_SECRET_KEY")
    if not settings.embedded:
        raise SecretKeyNeeded
    return _kept_key(settings.data_dir / "secret.key")


def read_key(text: str, variable: str) -> bytes:
    """32 bytes out of base64 or hex; raises SetupError."""
    for decode in (bytes.fromhex, _base64):
        try:
            key = decode(text.strip())
        except ValueError:
            continue
        if len(key) == KEY_BYTES:
            return key
    raise SecretKeyInvalid(variable=variable)


def key_id(master: bytes) -> str:
    """Return a short id of a key, from which the key cannot be derived."""
    return hashlib.sha256(b"hub key id" + master).hexdigest()[:8]


def _kept_key(path: Path) -> bytes:
    try:
        return read_key(path.read_text(), str(path))
    except FileNotFoundError:
        text = base64.b64encode(os.urandom(KEY_BYTES)).decode()
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(descriptor)
    fresh.rename(path)
    return read_key(text, str(path))


def _derived(master: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=PURPOSE).derive(master)


def _place(table: str, column: str, row: UUID | str) -> bytes:
    return f"{table}|{column}|{row}".encode()


def _parts(sealed: str) -> tuple[str, bytes, bytes]:
    try:
        version, key, nonce, ciphertext = sealed.split(".")
        if version == "v1":
            return key, _base64(nonce), _base64(ciphertext)
    except ValueError:
        pass
    raise SecretMalformed


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _base64(text: str) -> bytes:
    try:
        padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
        return base64.b64decode(padded.replace("-", "+").replace("_", "/"), validate=True)
    except binascii.Error as error:
        raise ValueError("this is no base64") from error
