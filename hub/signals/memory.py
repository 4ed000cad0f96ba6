"""Signals within one process."""

import time
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta

from hub.signals.contract import Gap, Signal, Signals, Subscription

MAX_BUCKETS = 10_000  # rate limits in memory, above which the unused ones are dropped
ROUNDING = 1e-9  # seconds


class MemorySignals(Signals):
    """Signals that stay in this process; RedisSignals falls back to them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Read the time in seconds from `clock`."""
        self._clock = clock
        self._subscriptions: defaultdict[str, set[Subscription]] = defaultdict(set)
        self._leases: dict[str, tuple[str, float]] = {}
        self._rooms: defaultdict[str, dict[str, float]] = defaultdict(dict)
        self._buckets: dict[str, float] = {}

    @property
    def healthy(self) -> bool:
        """Always True: there are no other processes to reach."""
        return True

    async def close(self) -> None:
        """Forget all state."""
        for storage in (self._subscriptions, self._leases, self._rooms, self._buckets):
            storage.clear()

    async def publish(self, topic: str, payload: bytes) -> bool:
        """Add the signal to every subscription of the topic; returns True."""
        signal = Signal(topic, payload)
        for subscription in self._subscriptions.get(topic, ()):
            subscription.put(signal)
        return True

    def report_gap(self) -> None:
        """Add a Gap to every subscription."""
        for subscription in {each for group in self._subscriptions.values() for each in group}:
            subscription.put(Gap())

    async def subscribe(self, *topics: str, limit: int = 10_000) -> Subscription:
        """Subscribe to these topics."""
        subscription = Subscription(frozenset(topics), limit)
        for topic in topics:
            self._subscriptions[topic].add(subscription)
        return subscription

    async def unsubscribe(self, subscription: Subscription) -> None:
        """End a subscription."""
        for topic in subscription.topics & self._subscriptions.keys():
            self._subscriptions[topic].discard(subscription)
            if not self._subscriptions[topic]:
                del self._subscriptions[topic]

    def topics(self) -> frozenset[str]:
        """Return the topics that have a subscription."""
        return frozenset(self._subscriptions)

    async def acquire(self, lease: str, owner: str, ttl: timedelta) -> bool:
        """Acquire a free lease for `ttl`, or renew the owner's; return whether the owner holds it."""
        if await self.holder(lease) not in (None, owner):
            return False
        self._leases[lease] = (owner, self._clock() + ttl.total_seconds())
        return True

    async def release(self, lease: str, owner: str) -> None:
        """Release a lease, if `owner` holds it."""
        if await self.holder(lease) == owner:
            del self._leases[lease]

    async def holder(self, lease: str) -> str | None:
        """Return the owner of the lease; None when it is free."""
        owner, ends_at = self._leases.get(lease, ("", 0.0))
        return owner if ends_at > self._clock() else None

    async def join(self, room: str, member: str, ttl: timedelta) -> None:
        """Add a member to a room for `ttl`."""
        self._rooms[room][member] = self._clock() + ttl.total_seconds()

    async def leave(self, room: str, member: str) -> None:
        """Remove a member from a room."""
        self._rooms[room].pop(member, None)
        if not self._rooms[room]:
            del self._rooms[room]

    async def members(self, room: str) -> frozenset[str]:
        """Return the members of a room."""
        now = self._clock()
        present = {member: ends_at for member, ends_at in self._rooms.get(room, {}).items() if ends_at > now}
        if present:
            self._rooms[room] = present
        else:
            self._rooms.pop(room, None)
        return frozenset(present)

    async def throttle(self, bucket: str, rate: float, burst: int) -> timedelta:
        """Count one use of a rate limit; return zero when it is allowed, else the time to wait before trying again."""
        now = self._clock()
        next_at = max(self._buckets.get(bucket, now), now) + 1 / rate
        excess = next_at - burst / rate - now
        if excess > ROUNDING:
            return timedelta(seconds=excess)
        self._drop_unused_buckets(now)
        self._buckets[bucket] = next_at
        return timedelta()

    def _drop_unused_buckets(self, now: float) -> None:
        """Drop the buckets whose limit is unused, once there are many."""
        if len(self._buckets) >= MAX_BUCKETS:
            self._buckets = {bucket: due for bucket, due in self._buckets.items() if due > now}
