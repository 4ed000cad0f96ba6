"""Parses raw arrivals with their channel's adapter: small ones directly, large ones in a thread."""

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

YIELD_AFTER = 0.01  # seconds of parsing after which other tasks get a turn
FRESH_FOR = 30.0  # seconds for which a loaded channel is reused


class Read(Struct, frozen=True, kw_only=True):
    """An arrival with its channel and the items parsed from it."""

    arrival: StoredArrival
    lane: IntakeChannel
    items: Sequence[Inbound]


class _Known(Struct, kw_only=True):
    lane: IntakeChannel
    adapter: Adapter
    until: float


class Readers:
    """Parses arrivals; keeps the adapters of their channels for 30 seconds."""

    def __init__(self, context: AppContext) -> None:
        """Keep the context from whose database channels are loaded."""
        self._context = context
        self._known: dict[UUID, _Known] = {}

    async def close(self) -> None:
        """Forget all adapters; parsing keeps nothing open."""
        self._known.clear()

    async def read(self, batch: Sequence[StoredArrival]) -> tuple[list[Read], list[tuple[StoredArrival, Exception]]]:
        """Parse a batch in order; return the parsed arrivals, and those that failed with their errors."""
        await self._load({one.channel_id for one in batch})
        read: list[Read] = []
        failed: list[tuple[StoredArrival, Exception]] = []
        began = time.monotonic()
        for one in batch:
            known = self._known[one.channel_id]
            try:
                read.append(Read(arrival=one, lane=known.lane, items=await _parse(known.adapter, one)))
            except Exception as error:
                failed.append((one, error))
            if time.monotonic() - began > YIELD_AFTER:
                await asyncio.sleep(0)
                began = time.monotonic()
        return read, failed

    async def adapter(self, channel_id: UUID) -> Adapter:
        """Return the adapter of a channel, for example to verify a callback; raises NotFound."""
        await self._load({channel_id})
        return self._known[channel_id].adapter

    async def placeholder(self, arrival: StoredArrival, item: Unreadable) -> Read:
        """Return an unreadable arrival with a single placeholder item."""
        await self._load({arrival.channel_id})
        return Read(arrival=arrival, lane=self._known[arrival.channel_id].lane, items=[item])

    async def _load(self, ids: set[UUID]) -> None:
        """Load channels that are not known or not fresh; raises NotFound. One query, none if all are fresh."""
        stale = [id_ for id_ in ids if id_ not in self._known or self._known[id_].until < time.monotonic()]
        if not stale:
            return
        async with self._context.transaction() as session:
            channels = (await session.scalars(select(Channel).where(Channel.id.in_(stale)))).all()
        for channel in channels:
            self._known[channel.id] = self._connect(channel)
        missing = [id_ for id_ in stale if id_ not in self._known]
        if missing:
            raise ArrivalChannelGone(channel=str(missing[0]))

    def _connect(self, channel: Channel) -> _Known:
        lane = IntakeChannel(
            id=channel.id,
            kind=channel.kind,
            team_id=channel.team_id,
            demo=channel.demo,
            capabilities=registry.capabilities(channel.kind),
        )
        return _Known(
            lane=lane, adapter=create_adapter(self._context.encryptor, channel), until=time.monotonic() + FRESH_FOR
        )


async def _parse(adapter: Adapter, arrival: StoredArrival) -> Sequence[Inbound]:
    callback = _callback(arrival)
    if len(arrival.body) > LARGE_BODY:
        return await asyncio.to_thread(adapter.parse, callback)
    return adapter.parse(callback)


def _callback(arrival: StoredArrival) -> Callback:
    headers = cast("Mapping[str, str]", arrival.meta.get("headers") or {})
    return Callback(url=str(arrival.meta.get("url") or ""), headers=headers, body=arrival.body)


def unreadable(arrival: StoredArrival, reason: Reason) -> Unreadable:
    """Return the placeholder item for an arrival that could not be parsed."""
    return Unreadable(external_id=f"unreadable:{arrival.id}", reason=reason)
