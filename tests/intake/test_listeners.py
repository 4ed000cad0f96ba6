import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

from sqlalchemy import func, update

from hub.channels.contract import RawItem, StoredItem
from hub.channels.email.errors import MailServerSlowsDown, ServerSilent
from hub.channels.models import Channel
from hub.intake import listeners
from hub.runtime.context import AppContext
from hub.storage.errors import DatabaseUnavailable
from tests.fakes.provider import Provider
from tests.support.outbox import Outbox, until


class Keeping:
    """Stores fetched items with their bookmark, as intake does; fails on request."""

    def __init__(self, context: AppContext) -> None:
        self._context = context
        self.kept: list[str] = []
        self.failures = 0

    async def __call__(
        self,
        channel_id: object,
        items: Sequence[RawItem],
        *,
        bookmark: str | None = None,
    ) -> list[StoredItem]:
        if self.failures:
            self.failures -= 1
            raise DatabaseUnavailable
        async with self._context.transaction() as session:
            await session.execute(update(Channel).where(Channel.id == channel_id).values(bookmark=bookmark))
        self.kept += [item.dedupe_key for item in items]
        return []


@asynccontextmanager
async def listening(outbox: Outbox, keep: Keeping) -> AsyncIterator[None]:
    stop = asyncio.Event()
    loop = asyncio.create_task(listeners.run(outbox.context, stop, keep))
    try:
        yield
    finally:
        stop.set()
        await loop


async def _changed(outbox: Outbox, channel: Channel, **values: object) -> None:
    async with outbox.context.transaction() as session:
        await session.execute(
            update(Channel).where(Channel.id == channel.id).values(version=Channel.version + 1, **values),
        )


async def test_fetched_items_are_stored_with_their_bookmark_and_none_twice(outbox: Outbox, provider: Provider) -> None:
    keep, channel = Keeping(outbox.context), await outbox.channel()
    provider.say("ann", "one")
    provider.say("ann", "two")
    async with listening(outbox, keep):
        await until(lambda: _has(keep, 2))
    provider.say("ann", "three")
    async with listening(outbox, keep):
        await until(lambda: _has(keep, 3))
    fresh = await outbox.fresh(channel)
    assert keep.kept == ["in-1", "in-2", "in-3"]
    assert fresh.bookmark == "3"
    assert fresh.last_in_at is not None
    assert fresh.error is None


async def test_items_that_could_not_be_stored_are_fetched_again(outbox: Outbox, provider: Provider) -> None:
    keep = Keeping(outbox.context)
    keep.failures = 1
    channel = await outbox.channel()
    provider.say("ann", "one")
    async with listening(outbox, keep):
        await until(lambda: _has(keep, 1))
    assert keep.kept == ["in-1"]
    assert (await outbox.fresh(channel)).error is None, "the channel is not to blame when our database is away"


async def test_two_processes_hold_one_line(outbox: Outbox, provider: Provider) -> None:
    keep = Keeping(outbox.context)
    await outbox.channel()
    async with listening(outbox, keep), listening(outbox, keep):
        for n in range(5):
            provider.say("ann", f"{n}")
            await until(partial(_has, keep, n + 1))
    assert keep.kept == [f"in-{n}" for n in range(1, 6)]


async def test_a_broken_line_shows_on_the_channel_and_is_taken_up_again(outbox: Outbox, provider: Provider) -> None:
    keep = Keeping(outbox.context)
    away = Provider()
    await away.start()
    url = away.url
    await away.stop()
    channel = await outbox.channel(url=url)
    async with listening(outbox, keep):
        await until(lambda: _reports_failure(outbox, channel))
        assert (await outbox.fresh(channel)).error == "Receiving: The provider is not there."
        await _changed(outbox, channel, settings={"url": provider.url})
        provider.say("ann", "one")
        await until(lambda: _has(keep, 1))
        await until(lambda: _well(outbox, channel))
    assert len(await outbox.events("channel_changed")) == 2


async def test_a_paused_channel_is_hung_up_and_taken_up_again_within_two_seconds(
    outbox: Outbox,
    provider: Provider,
) -> None:
    keep, channel = Keeping(outbox.context), await outbox.channel()
    async with listening(outbox, keep):
        provider.say("ann", "one")
        await until(lambda: _has(keep, 1))
        await _changed(outbox, channel, paused_at=func.now())
        await asyncio.wait_for(_hung_up(outbox, channel), 2)
        provider.say("ann", "two")
        await _changed(outbox, channel, paused_at=None)
        await until(lambda: _has(keep, 2), within=4)
    assert keep.kept == ["in-1", "in-2"]


def test_pauses_grow_to_five_minutes_and_heed_the_provider() -> None:
    error = ServerSilent(where="imap.example")
    pauses = [listeners.pause_after(failures, error, 0.999) for failures in range(1, 15)]
    assert pauses == sorted(pauses)
    assert 0.9 < pauses[0] <= 1
    assert 290 < pauses[-1] <= 300
    slow = MailServerSlowsDown(reply=421, said="slow", retry_after=timedelta(minutes=9))
    assert listeners.pause_after(1, slow, 0.5) == 540


async def _hung_up(outbox: Outbox, channel: Channel) -> None:
    async def free() -> bool:
        return await outbox.context.signals.holder(f"listen:{channel.id}") is None

    await until(free)


async def _has(keep: Keeping, count: int) -> bool:
    return len(keep.kept) >= count


async def _reports_failure(outbox: Outbox, channel: Channel) -> bool:
    return (await outbox.fresh(channel)).error is not None


async def _well(outbox: Outbox, channel: Channel) -> bool:
    return not await _reports_failure(outbox, channel)
