"""Hash and verify passwords (argon2id, in a small thread pool), and create secrets of 256 bits."""

import asyncio
import secrets
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Struct

from hub.access.errors import PasswordLength, PasswordTooEasy, SignInBusy
from hub.runtime.context import AppContext

MIN_LENGTH, MAX_LENGTH = 12, 128  # characters
MIN_DISTINCT = 5  # different characters
MIN_PERSONAL = 4  # characters; shorter words about the person are allowed in a password
COMMON_WORDS = """
password passwort contraseña contrasena welcome bienvenido letmein administrator admin administrador qwerty
qwertyuiop asdfghjkl zxcvbnm iloveyou teamo dragon monkey football futbol baseball superman batman sunshine
princess princesa master shadow changeme changeit trustno secret secreto summer verano winter spring autumn
company support soporte login abc abcdef abcdefg helloworld hello hola customer service helpdesk hub
correcthorsebatterystaple passw0rd p@ssword p@ssw0rd pa$$word pa$$w0rd
"""
COMMON = frozenset(COMMON_WORDS.split())


def check_password(password: str, *, about: tuple[str, ...] = ()) -> str:
    """Return a new password in the Unicode form that is hashed (NFKC); raises BadInput if it is too weak.

    Rules: NIST SP 800-63B §5.1.1.2 (length, a list of common passwords, nothing about the person; no rules of
    composition). `about`: words that others know about the person, such as name and e-mail address.
    """
    plain = unicodedata.normalize("NFKC", password)
    if not MIN_LENGTH <= len(plain) <= MAX_LENGTH:
        raise PasswordLength(least=MIN_LENGTH, most=MAX_LENGTH)
    if _is_guessable(plain.casefold(), about):
        raise PasswordTooEasy
    return plain


def _is_guessable(plain: str, about: tuple[str, ...]) -> bool:
    without_edges = plain.strip("0123456789!?.,;:-_#*+@$% ")
    halves = {without_edges, plain[: len(plain) // 2]} if plain[: len(plain) // 2] * 2 == plain else {without_edges}
    personal_words = {
        part for word in about for part in word.casefold().replace("@", " ").split() if len(part) >= MIN_PERSONAL
    }
    return len(set(plain)) < MIN_DISTINCT or not without_edges or bool(halves & (COMMON | personal_words))


class PasswordCheck(Struct, frozen=True):
    """The result of checking a password; `new_hash` replaces a stored hash whose parameters are out of date."""

    correct: bool
    new_hash: str | None = None


class PasswordChecker:
    """Hashes and checks passwords, `threads` at a time; refuses work beyond another `waiting` in the queue."""

    def __init__(self, *, threads: int = 2, waiting: int = 64) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="password")
        self._free = threads + waiting
        self._decoy_hash = self._hasher.hash(secrets.token_urlsafe())

    async def hash(self, password: str) -> str:
        """Return the hash of a password from `check_password`; raises TooMany if the queue is full."""
        with self._slot():
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._hasher.hash, password)

    async def verify(self, stored_hash: str | None, password: str) -> PasswordCheck:
        """Check a password against a hash; raises TooMany if the queue is full.

        Without a hash the password is wrong, and the check takes as long as any other.
        """
        plain = unicodedata.normalize("NFKC", password)[: MAX_LENGTH * 4]
        with self._slot():
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._verify, stored_hash, plain)

    def _verify(self, stored_hash: str | None, password: str) -> PasswordCheck:
        try:
            self._hasher.verify(stored_hash or self._decoy_hash, password)
        except (VerificationError, InvalidHashError):
            return PasswordCheck(correct=False)
        if stored_hash is None:
            return PasswordCheck(correct=False)
        return PasswordCheck(
            correct=True, new_hash=self._hasher.hash(password) if self._hasher.check_needs_rehash(stored_hash) else None
        )

    async def close(self) -> None:
        """Stop the threads without waiting for them."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if self._free <= 0:
            raise SignInBusy(retry_after=timedelta(seconds=5))
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1


class SharedPasswordChecker(PasswordChecker):
    """The process-wide password checker; its number of threads is a setting."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(threads=context.settings.password_threads)


def new_token(prefix: str = "") -> str:
    """Return a new secret of 256 random bits, URL-safe, after this prefix."""
    return prefix + secrets.token_urlsafe(32)


def fingerprint(token: str) -> bytes:
    """Return the SHA-256 of a secret, which is stored and looked up instead of the secret.

    The time a lookup takes therefore reveals nothing about the secret.
    """
    return sha256(token.encode()).digest()
