"""Read raw arrivals with their channel's adapter: small ones in passing, large ones in a thread."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import cast
from uuid import UUID

from msgspec import Struct
from sqlalchemy import select

from hub.channels import registry
from hub.channels.accounts import create_adapter
from hub.channels.contract import LARGE_BODY, Adapter, Callback, Inbound, Unreadable
from hub.channels.models import Channel
from hub.errors import Reason
from hub.intake.arrival_store import StoredArrival
from hub.intake.errors import ArrivalChannelGone
from hub.intake.plan import IntakeChannel
from hub.runtime.context import AppContext

BREATH = 0.01  # seconds of reading after which others get a turn
FRESH = 30.0  # seconds for which what is known of a channel is good


class Read(Struct, frozen=True, kw_only=True):
    """An arrival with what was found in it."""

    arrival: StoredArrival
    lane: IntakeChannel
    items: Sequence[Inbound]


class _Known(Struct, kw_only=True):
    lane: IntakeChannel
    adapter: Adapter
    until: float


class Readers:
    """The adapters of the channels from which something came, each connected once."""

    def __init__(self, context: AppContext) -> None:
        """Begin with none."""
        self._context = context
        self._known: dict[UUID, _Known] = {}

    async def close(self) -> None:
        """Forget them; parsing holds nothing open."""
        self._known.clear()

    async def read(self, batch: Sequence[StoredArrival]) -> tuple[list[Read], list[tuple[StoredArrival, Exception]]]:
        """Read a batch, in order; beside it stand the arrivals at which an adapter broke, and how."""
        await self._learn({one.channel_id for one in batch})
        read: list[Read] = []
        broken: list[tuple[StoredArrival, Exception]] = []
        began = time.monotonic()
        for one in batch:
            known = self._known[one.channel_id]
            try:
                read.append(Read(arrival=one, lane=known.lane, items=await _parse(known.adapter, one)))
            except Exception as error:
                broken.append((one, error))
            if time.monotonic() - began > BREATH:
                await asyncio.sleep(0)
                began = time.monotonic()
        return read, broken

    async def adapter(self, channel_id: UUID) -> Adapter:
        """Give the adapter of a channel that is called back; raises NotFound."""
        await self._learn({channel_id})
        return self._known[channel_id].adapter

    async def placeholder(self, arrival: StoredArrival, item: Unreadable) -> Read:
        """Make a reading of an arrival that nothing can be read of."""
        await self._learn({arrival.channel_id})
        return Read(arrival=arrival, lane=self._known[arrival.channel_id].lane, items=[item])

    async def _learn(self, ids: set[UUID]) -> None:
        stale = [id_ for id_ in ids if id_ not in self._known or self._known[id_].until < time.monotonic()]
        if not stale:
            return
        async with self._context.transaction() as session:
            channels = (await session.scalars(select(Channel).where(Channel.id.in_(stale)))).all()
        for channel in channels:
            self._known[channel.id] = self._connect(channel)
        missing = [id_ for id_ in stale if id_ not in self._known]
        if missing:
            f"There is no channel {missing[0]}."
            raise ArrivalChannelGone(channel=str(missing[0]))

    def _connect(self, channel: Channel) -> _Known:
        lane = IntakeChannel(
            id=channel.id,
            kind=channel.kind,
            team_id=channel.team_id,
            demo=channel.demo,
            capabilities=registry.capabilities(channel.kind),
        )
        return _Known(lane=lane, adapter=create_adapter(self._context.sealer, channel), until=time.monotonic() + FRESH)


async def _parse(adapter: Adapter, arrival: StoredArrival) -> Sequence[Inbound]:
    callback = _callback(arrival)
    if len(arrival.body) > LARGE_BODY:
        return await asyncio.to_thread(adapter.parse, callback)
    return adapter.parse(callback)


def _callback(arrival: StoredArrival) -> Callback:
    headers = cast("Mapping[str, str]", arrival.meta.get("headers") or {})
    return Callback(url=str(arrival.meta.get("url") or ""), headers=headers, body=arrival.body)


def unreadable(arrival: StoredArrival, reason: Reason) -> Unreadable:
    """Say that something came which nobody could read."""
    return Unreadable(external_id=f"unreadable:{arrival.id}", reason=reason)
