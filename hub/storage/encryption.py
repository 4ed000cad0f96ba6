"""Encryption of stored secrets with AES-256-GCM, bound to their row, with key ids for rotation."""

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
    """Encrypts with the current key and decrypts with any known key."""

    def __init__(self, keys: Mapping[str, bytes], current: str) -> None:
        """Use 32-byte keys by their ids; `current` is the id of the one that encrypts."""
        self.current = current
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the encryptor of this installation, with its master key and its retired keys."""
        masters = [read_key(text, "HUB_PREVIOUS_SECRET_KEYS") for text in settings.previous_secret_keys]
        masters.insert(0, master_key(settings))
        keys = {key_id(master): _derive_key(master) for master in masters}
        return cls(keys, current=key_id(masters[0]))

    def seal(self, plain: bytes, *, table: str, column: str, row: UUID | str) -> str:
        """Encrypt a value for one row and column; returns v1.KEY.NONCE.CIPHERTEXT."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._ciphers[self.current].encrypt(nonce, plain, _associated_data(table, column, row))
        return f"v1.{self.current}.{_base64url(nonce)}.{_base64url(sealed)}"

    def open(self, sealed: str, *, table: str, column: str, row: UUID | str) -> bytes:
        """Decrypt a value of this row and column; raises Unopenable."""
        key, nonce, ciphertext = _split(sealed)
        cipher = self._ciphers.get(key)
        if cipher is None:
            raise SecretKeyMissing(place=f"{table}.{column} of {row}", key=key)
        try:
            return cipher.decrypt(nonce, ciphertext, _associated_data(table, column, row))
        except (InvalidTag, ValueError) as error:
            raise SecretAltered(place=f"{table}.{column} of {row}") from error

    def stale(self, sealed: str) -> bool:
        """Return whether a value needs a retired key."""
        return _split(sealed)[0] != self.current

    def reseal(self, sealed: str, *, table: str, column: str, row: UUID | str) -> str:
        """Return the value encrypted with the current key, or unchanged if it is already; raises Unopenable."""
        if not self.stale(sealed):
            return sealed
        return self.seal(self.open(sealed, table=table, column=column, row=row), table=table, column=column, row=row)


def master_key(settings: Settings) -> bytes:
    """Return the master key of this installation; raises SetupError when there is none and none may be generated.

    With the embedded database a key is generated on the first start and stored in the data folder.
    """
    if settings.secret_key is not None:
        return read_key(settings.secret_key, "HUB_SECRET_KEY")
    if not settings.embedded:
        raise SecretKeyNeeded
    return _stored_key(settings.data_dir / "secret.key")


def read_key(text: str, variable: str) -> bytes:
    """Decode a 32-byte key from base64 or hex; raises SetupError naming `variable`."""
    for decode in (bytes.fromhex, _decode_base64):
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


def _stored_key(path: Path) -> bytes:
    try:
        return read_key(path.read_text(), str(path))
    except FileNotFoundError:
        text = base64.b64encode(os.urandom(KEY_BYTES)).decode()
    staging = path.with_suffix(".new")
    staging.unlink(missing_ok=True)
    descriptor = os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(descriptor)
    staging.rename(path)
    return read_key(text, str(path))


def _derive_key(master: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=PURPOSE).derive(master)


def _associated_data(table: str, column: str, row: UUID | str) -> bytes:
    return f"{table}|{column}|{row}".encode()


def _split(sealed: str) -> tuple[str, bytes, bytes]:
    try:
        version, key, nonce, ciphertext = sealed.split(".")
        if version == "v1":
            return key, _decode_base64(nonce), _decode_base64(ciphertext)
    except ValueError:
        pass
    raise SecretMalformed


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _decode_base64(text: str) -> bytes:
    try:
        padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
        return base64.b64decode(padded.replace("-", "+").replace("_", "/"), validate=True)
    except binascii.Error as error:
        raise ValueError("this is no base64") from error
