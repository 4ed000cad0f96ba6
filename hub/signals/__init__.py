"""State that may be lost: publish and subscribe, leases, presence, rate limits; in this process, or over Redis."""

from hub.signals.contract import Gap, Signal, Signals, Subscription
from hub.signals.memory import MemorySignals

__all__ = ["Gap", "MemorySignals", "Signal", "Signals", "Subscription", "connect"]


def connect(redis_url: str | None) -> Signals:
    """Return the signals of this installation, to be used with `async with`; None means within this process."""
    if not redis_url:
        return MemorySignals()
    from hub.signals.redis import RedisSignals

    return RedisSignals(redis_url)
