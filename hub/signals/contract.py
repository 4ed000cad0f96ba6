"""What signals can do, whoever carries them."""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Self

from msgspec import Struct


class Signal(Struct, frozen=True):
    """Something was published on a topic."""

    topic: str
    payload: bytes


class Gap(Struct, frozen=True):
    """Something may have been missed: look up in the database what is new."""


class Subscription:
    """What arrives on some topics; a reader that falls behind loses the backlog and is told of a gap."""

    def __init__(self, topics: frozenset[str], limit: int) -> None:
        """Keep at most `limit` signals for the reader."""
        self.topics = topics
        self._limit = limit
        self._waiting: deque[Signal | Gap] = deque()
        self._arrived = asyncio.Event()

    def put(self, signal: Signal | Gap) -> None:
        """Hand over a signal; never waits."""
        if len(self._waiting) >= self._limit:
            self._waiting.clear()
            signal = Gap()
        self._waiting.append(signal)
        self._arrived.set()

    async def batch(self) -> list[Signal | Gap]:
        """Everything that waits, in order; waits for the first."""
        await self._arrived.wait()
        self._arrived.clear()
        signals = list(self._waiting)
        self._waiting.clear()
        return signals

    async def __aiter__(self) -> AsyncIterator[Signal | Gap]:
        """Signals one by one, for ever."""
        while True:
            for signal in await self.batch():
                yield signal


class Signals(ABC):
    """Fan-out, leases, presence and pace. Nothing here is the truth: that stands in PostgreSQL.

    No method raises when the carrier fails; each says what it answers then. An owner or member is any
    text that is unique for whoever holds the lease or is present.
    """

    async def __aenter__(self) -> Self:
        """Open lines."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close lines."""
        await self.close()

    @property
    @abstractmethod
    def healthy(self) -> bool:
        """Whether signals reach other processes just now."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of everything."""

    @abstractmethod
    async def publish(self, topic: str, payload: bytes) -> bool:
        """Tell all subscribers; False where only those of this process could be told."""

    @abstractmethod
    async def subscribe(self, *topics: str, limit: int = 10_000) -> Subscription:
        """Hear all that is published on these topics from now on."""

    @abstractmethod
    async def unsubscribe(self, subscription: Subscription) -> None:
        """Hear no more."""

    @abstractmethod
    async def take(self, lease: str, owner: str, ttl: timedelta) -> bool:
        """Take a lease that is free, or renew one's own. On failure: whether ours still runs."""

    @abstractmethod
    async def release(self, lease: str, owner: str) -> None:
        """Give a lease back, if it is ours."""

    @abstractmethod
    async def holder(self, lease: str) -> str | None:
        """Who holds the lease."""

    @abstractmethod
    async def join(self, room: str, member: str, ttl: timedelta) -> None:
        """Be present in a room for `ttl`; join again to stay."""

    @abstractmethod
    async def leave(self, room: str, member: str) -> None:
        """Be present no longer."""

    @abstractmethod
    async def members(self, room: str) -> frozenset[str]:
        """Who is present. On failure: those this process knows of."""

    @abstractmethod
    async def pace(self, bucket: str, rate: float, burst: int) -> timedelta:
        """How long to wait before the next step; nothing means it is taken. On failure: this process's own pace.

        `rate` steps a second in the long run, `burst` at once (GCRA, ITU-T I.371).
        """
