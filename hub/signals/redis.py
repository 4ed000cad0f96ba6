"""Signals between processes, over Redis."""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Self, TypeVar

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from hub.signals.contract import Signals, Subscription
from hub.signals.memory import MemorySignals

T = TypeVar("T")
FAILURES = (RedisError, OSError, TimeoutError)
TIMEOUT = 2.0  # seconds for an answer of Redis
CONNECTIONS = 8
BACKOFF = 0.5  # seconds without commands after a failure
MAX_PAUSE = 2.0  # seconds between two attempts to reconnect
HEARTBEAT = 5.0  # seconds without a message, after which the connection is pinged
FIRST_TOPIC = "hub:-"  # keeps a subscription open that has no other topics

ACQUIRE = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
CLOCK = "local t = redis.call('TIME') local now = t[1] * 1000000 + t[2] "
JOIN = (
    CLOCK
    + """
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
redis.call('PEXPIRE', KEYS[1], math.ceil((last - now) / 1000))
"""
)
MEMBERS = CLOCK + "return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')"
THROTTLE = (
    CLOCK
    + """
local step = ARGV[1] + 0
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now) + step
local early = due - ARGV[2] * step - now
if early > 0 then return math.ceil(early) end
redis.call('SET', KEYS[1], string.format('%.0f', due), 'PX', math.ceil((due - now) / 1000) + 1)
return 0
"""
)

log = structlog.get_logger("hub.signals")


class RedisSignals(Signals):
    """Signals over two connections, one for commands and one that listens; both reconnect after an outage."""

    def __init__(self, url: str) -> None:
        """Prepare the clients; their connections open on first use."""
        self._local = MemorySignals()
        self._redis = _client(url, retries=1)
        self._subscriber = _client(url, retries=0)
        self._acquire, self._release, self._join, self._members, self._throttle = (
            self._redis.register_script(script) for script in (ACQUIRE, RELEASE, JOIN, MEMBERS, THROTTLE)
        )
        self._backoff_until = 0.0
        self._pubsub: PubSub | None = None
        self._confirmed: dict[str, asyncio.Event] = {}
        self._listener: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Start listening."""
        self._listener = asyncio.create_task(self._listen(), name="redis-signals")
        return self

    @property
    def healthy(self) -> bool:
        """Whether the listening connection is open and the last command was answered."""
        return self._pubsub is not None and time.monotonic() >= self._backoff_until

    async def close(self) -> None:
        """Stop listening and close both connections."""
        while self._listener and not self._listener.done():
            self._listener.cancel()  # again, as a timeout within the client may swallow the cancellation
            await asyncio.wait([self._listener], timeout=TIMEOUT)
        await self._redis.aclose()
        await self._subscriber.aclose()
        await self._local.close()

    async def publish(self, topic: str, payload: bytes) -> bool:
        """Send `payload` to the subscribers of all processes; on failure to those of this process."""
        sent = await self._call(lambda: self._redis.publish(f"hub:{topic}", payload), None)
        if sent is None:
            await self._local.publish(topic, payload)
        return sent is not None

    async def subscribe(self, *topics: str, limit: int = 10_000) -> Subscription:
        """Subscribe to these topics: in effect once this returns, or after the Gap that ends an outage."""
        subscription = await self._local.subscribe(*topics, limit=limit)
        new = [topic for topic in topics if topic not in self._confirmed]
        for topic in new:
            self._confirmed[topic] = asyncio.Event()
        if new and self._pubsub is not None:
            with contextlib.suppress(*FAILURES):
                await self._pubsub.subscribe(*(f"hub:{topic}" for topic in new))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TIMEOUT):
                for topic in topics:
                    await self._confirmed[topic].wait()
        return subscription

    async def unsubscribe(self, subscription: Subscription) -> None:
        """End a subscription."""
        await self._local.unsubscribe(subscription)
        unused = [topic for topic in subscription.topics - self._local.topics() if self._confirmed.pop(topic, None)]
        if unused and self._pubsub is not None:
            with contextlib.suppress(*FAILURES):
                await self._pubsub.unsubscribe(*(f"hub:{topic}" for topic in unused))

    async def acquire(self, lease: str, owner: str, ttl: timedelta) -> bool:
        """Acquire a free lease for `ttl`, or renew the owner's; without Redis a lease that is held runs to its end."""
        arguments: list[str | int] = [owner, int(ttl.total_seconds() * 1000)]
        acquired = await self._call(lambda: self._acquire(keys=[f"hub:lease:{lease}"], args=arguments), None)
        if acquired is None:
            return await self._local.holder(lease) == owner
        if acquired:
            await self._local.release(lease, await self._local.holder(lease) or owner)
            await self._local.acquire(lease, owner, ttl)
        return bool(acquired)

    async def release(self, lease: str, owner: str) -> None:
        """Release a lease, if `owner` holds it."""
        await self._local.release(lease, owner)
        await self._call(lambda: self._release(keys=[f"hub:lease:{lease}"], args=[owner]), None)

    async def holder(self, lease: str) -> str | None:
        """Return the owner of the lease; without Redis, as this process knows it."""
        answer = await self._call(lambda: self._redis.mget(f"hub:lease:{lease}"), None)
        if answer is None:
            return await self._local.holder(lease)
        return answer[0].decode() if isinstance(answer[0], bytes) else None

    async def join(self, room: str, member: str, ttl: timedelta) -> None:
        """Add a member to a room for `ttl`."""
        await self._local.join(room, member, ttl)
        arguments: list[str | int] = [member, int(ttl.total_seconds() * 1_000_000)]
        await self._call(lambda: self._join(keys=[f"hub:room:{room}"], args=arguments), None)

    async def leave(self, room: str, member: str) -> None:
        """Remove a member from a room."""
        await self._local.leave(room, member)
        await self._call(lambda: self._redis.zrem(f"hub:room:{room}", member), None)

    async def members(self, room: str) -> frozenset[str]:
        """Return the members of a room; without Redis, those this process knows."""
        answer = await self._call(lambda: self._members(keys=[f"hub:room:{room}"]), None)
        if answer is None:
            return await self._local.members(room)
        return frozenset(member.decode() for member in answer)

    async def throttle(self, bucket: str, rate: float, burst: int) -> timedelta:
        """Count one use of a rate limit of all processes; without Redis, of this process alone."""
        arguments: list[str | int] = [int(1_000_000 / rate), burst]
        microseconds = await self._call(lambda: self._throttle(keys=[f"hub:pace:{bucket}"], args=arguments), None)
        if microseconds is None:
            return await self._local.throttle(bucket, rate, burst)
        return timedelta(microseconds=int(microseconds))

    async def _call(self, command: Callable[[], Awaitable[T]], fallback: T) -> T:
        """Return Redis' answer, or `fallback` when it fails; after a failure no command is sent for BACKOFF seconds."""
        if time.monotonic() < self._backoff_until:
            return fallback
        try:
            return await command()
        except FAILURES as error:
            self._backoff_until = time.monotonic() + BACKOFF
            log.warning("redis_failed", reason=str(error))
            return fallback

    async def _listen(self) -> None:
        """Listen until cancelled: reconnect after each outage and report a gap to every subscription."""
        pause = 0.1
        while True:
            try:
                async with self._subscriber.pubsub() as pubsub:
                    await pubsub.subscribe(FIRST_TOPIC)
                    self._pubsub, pause = pubsub, 0.1
                    await pubsub.subscribe(FIRST_TOPIC, *(f"hub:{topic}" for topic in self._confirmed))
                    self._local.report_gap()
                    await self._receive(pubsub)
            except FAILURES as error:
                log.warning("redis_line_lost", reason=str(error))
            finally:
                self._pubsub = None
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(pause * 2, MAX_PAUSE)

    async def _receive(self, pubsub: PubSub) -> None:
        """Publish received signals within this process. Raises TimeoutError when Redis does not answer a ping."""
        pinged = False
        while True:
            message = await pubsub.get_message(timeout=HEARTBEAT)
            if message is None and pinged:
                raise TimeoutError("Redis fell silent")
            pinged = message is None
            if message is None:
                await pubsub.ping()
                continue
            topic = message["channel"].decode().removeprefix("hub:") if message["channel"] else ""
            if message["type"] == "message":
                await self._local.publish(topic, message["data"])
            elif message["type"] == "subscribe" and topic in self._confirmed:
                self._confirmed[topic].set()


def _client(url: str, retries: int) -> Redis:
    """Return a client that answers or fails within TIMEOUT seconds, over at most CONNECTIONS connections."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=TIMEOUT,
        socket_timeout=TIMEOUT,
        socket_connect_timeout=TIMEOUT,
        retry=Retry(NoBackoff(), retries),
    )
    return Redis.from_pool(pool)
