"""How somebody proves who they are: passwords by argon2id in a small pool, and secrets of 256 bits."""

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

SHORTEST, LONGEST = 12, 128
FEWEST_KINDS = 5  # of different characters
PERSONAL = 4  # characters a word about the person must have to count
WORDS = """
password passwort contraseña contrasena welcome bienvenido letmein administrator admin administrador qwerty
qwertyuiop asdfghjkl zxcvbnm iloveyou teamo dragon monkey football futbol baseball superman batman sunshine
princess princesa master shadow changeme changeit trustno secret secreto summer verano winter spring autumn
company support soporte login abc abcdef abcdefg helloworld hello hola customer service helpdesk hub
correcthorsebatterystaple passw0rd p@ssword p@ssw0rd pa$$word pa$$w0rd
"""
COMMON = frozenset(WORDS.split())


def check_password(password: str, *, about: tuple[str, ...] = ()) -> str:
    """Give the password back in the form that is hashed; raises BadInput with the way to mend it.

    Rules: NIST SP 800-63B §5.1.1.2 (length, a list of common ones, nothing about the person; no rules of
    composition). `about` is what others know about the person: name, e-mail address.
    """
    plain = unicodedata.normalize("NFKC", password)
    if not SHORTEST <= len(plain) <= LONGEST:
        raise PasswordLength(least=SHORTEST, most=LONGEST)
    if _guessable(plain.casefold(), about):
        raise PasswordTooEasy
    return plain


def _guessable(plain: str, about: tuple[str, ...]) -> bool:
    core = plain.strip("0123456789!?.,;:-_#*+@$% ")
    halves = {core, plain[: len(plain) // 2]} if plain[: len(plain) // 2] * 2 == plain else {core}
    known = {part for word in about for part in word.casefold().replace("@", " ").split() if len(part) >= PERSONAL}
    return len(set(plain)) < FEWEST_KINDS or not core or bool(halves & (COMMON | known))


class Verdict(Struct, frozen=True):
    """Whether a password was right, and a stronger hash to keep when the kept one is out of date."""

    right: bool
    better: str | None = None


class Proofs:
    """Hashes and checks passwords: `threads` at once, `waiting` more in the queue, and no more than that."""

    def __init__(self, *, threads: int = 2, waiting: int = 64) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="password")
        self._room = threads + waiting
        self._nobodys = self._hasher.hash(secrets.token_urlsafe())

    async def hash(self, password: str) -> str:
        """Hash a password that `check_password` has passed."""
        with self._place():
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._hasher.hash, password)

    async def verify(self, kept: str | None, password: str) -> Verdict:
        """Check a password; where nothing is kept it takes just as long, and is wrong."""
        plain = unicodedata.normalize("NFKC", password)[: LONGEST * 4]
        with self._place():
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._verify, kept, plain)

    def _verify(self, kept: str | None, password: str) -> Verdict:
        try:
            self._hasher.verify(kept or self._nobodys, password)
        except (VerificationError, InvalidHashError):
            return Verdict(right=False)
        if kept is None:
            return Verdict(right=False)
        return Verdict(
            right=True, better=self._hasher.hash(password) if self._hasher.check_needs_rehash(kept) else None
        )

    async def close(self) -> None:
        """Let the threads go."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    @contextmanager
    def _place(self) -> Iterator[None]:
        if self._room <= 0:
            raise SignInBusy(retry_after=timedelta(seconds=5))
        self._room -= 1
        try:
            yield
        finally:
            self._room += 1


class SharedProofs(Proofs):
    """The one pool of this process, as wide as the settings allow."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(threads=context.settings.password_threads)


def new_token(prefix: str = "") -> str:
    """Make a secret of 256 bits, safe in a URL."""
    return prefix + secrets.token_urlsafe(32)


def fingerprint(token: str) -> bytes:
    """Give what is kept of a secret, and what it is looked up by; so time tells nothing about the secret."""
    return sha256(token.encode()).digest()
