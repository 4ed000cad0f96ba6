"""The interface of signals, which memory and Redis implement."""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Self

from msgspec import Struct


class Signal(Struct, frozen=True):
    """A payload that was published on a topic."""

    topic: str
    payload: bytes


class Gap(Struct, frozen=True):
    """Signals may have been lost: the reader must read the database again."""


class Subscription:
    """The signals of some topics for one reader; when more than `limit` are unread, they are replaced by a Gap."""

    def __init__(self, topics: frozenset[str], limit: int) -> None:
        """Hold at most `limit` signals for the reader."""
        self.topics = topics
        self._limit = limit
        self._waiting: deque[Signal | Gap] = deque()
        self._arrived = asyncio.Event()

    def put(self, signal: Signal | Gap) -> None:
        """Add a signal without waiting."""
        if len(self._waiting) >= self._limit:
            self._waiting.clear()
            signal = Gap()
        self._waiting.append(signal)
        self._arrived.set()

    async def batch(self) -> list[Signal | Gap]:
        """Return all signals that have arrived, in order; waits for the first."""
        await self._arrived.wait()
        self._arrived.clear()
        signals = list(self._waiting)
        self._waiting.clear()
        return signals

    async def __aiter__(self) -> AsyncIterator[Signal | Gap]:
        """Yield the signals one by one, without end."""
        while True:
            for signal in await self.batch():
                yield signal


class Signals(ABC):
    """Publish and subscribe, leases, presence and rate limits. Only PostgreSQL holds what must not be lost.

    No method raises when Redis fails; each docstring says what it returns then. An owner or member is any
    text that is unique to the holder of the lease or the member of the room.
    """

    async def __aenter__(self) -> Self:
        """Open the connections."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        await self.close()

    @property
    @abstractmethod
    def healthy(self) -> bool:
        """Whether signals reach other processes at the moment."""

    @abstractmethod
    async def close(self) -> None:
        """Close the connections and forget all state."""

    @abstractmethod
    async def publish(self, topic: str, payload: bytes) -> bool:
        """Send `payload` to all subscribers; returns False when only those of this process were reached."""

    @abstractmethod
    async def subscribe(self, *topics: str, limit: int = 10_000) -> Subscription:
        """Subscribe to these topics, holding at most `limit` signals that are not yet read."""

    @abstractmethod
    async def unsubscribe(self, subscription: Subscription) -> None:
        """End a subscription."""

    @abstractmethod
    async def acquire(self, lease: str, owner: str, ttl: timedelta) -> bool:
        """Acquire a free lease for `ttl`, or renew the owner's; return whether the owner holds it.

        On failure: whether the owner's lease still runs.
        """

    @abstractmethod
    async def release(self, lease: str, owner: str) -> None:
        """Release a lease, if `owner` holds it."""

    @abstractmethod
    async def holder(self, lease: str) -> str | None:
        """Return the owner of the lease; None when it is free. On failure: as this process knows."""

    @abstractmethod
    async def join(self, room: str, member: str, ttl: timedelta) -> None:
        """Add a member to a room for `ttl`; a member who joins again stays."""

    @abstractmethod
    async def leave(self, room: str, member: str) -> None:
        """Remove a member from a room."""

    @abstractmethod
    async def members(self, room: str) -> frozenset[str]:
        """Return the members of a room. On failure: those this process knows."""

    @abstractmethod
    async def throttle(self, bucket: str, rate: float, burst: int) -> timedelta:
        """Count one use of a rate limit; return zero when it is allowed, else the time to wait before trying again.

        The limit is `rate` uses a second on average and `burst` at once (GCRA, ITU-T I.371). On failure the limit
        applies to this process alone.
        """
