"""Chat messages for benchmarks, their channel, and their whole intake by this process."""

import asyncio
import random
import time
import uuid
from collections.abc import Iterable, Sequence
from uuid import UUID

from hub.channels.chat_contract import VisitorMessage, message_key, pack, visitor_point
from hub.channels.contract import RawItem
from hub.channels.models import Channel
from hub.intake.pipeline import Intake
from hub.runtime.context import AppContext
from hub.storage.database import new_id, now

VISITORS = 400
SENDERS = 64
TEXT = "Hello, my order has not come yet and the tracking page has not moved since Monday. Can you look? " * 2


async def make_channel(context: AppContext) -> UUID:
    channel = Channel(
        id=new_id(), kind="webchat", name="Shop", address=uuid.uuid4().hex, settings={"site_name": "Shop", "key": "k"}
    )
    async with context.transaction() as session:
        session.add(channel)
    return channel.id


def items(count: int) -> list[RawItem]:
    """Return this many messages of new visitors, who write in turn."""
    return said(uuid.uuid4().hex, [n % VISITORS for n in range(count)])


def said(seed: str, by: Iterable[int]) -> list[RawItem]:
    """Return a message of each of these visitors; with the same seed, the same number is the same visitor."""
    made = []
    for n, number in enumerate(by):
        visitor, message = UUID(int=random.Random(f"{seed}-{number}").getrandbits(128)), uuid.uuid4()
        one = VisitorMessage(id=message, visitor=visitor, point=visitor_point(visitor), at=now(), text=f"{n} {TEXT}")
        made.append(RawItem(dedupe_key=message_key(visitor, message), body=pack(one), stream=str(visitor)))
    return made


async def product(context: AppContext, channel_id: UUID, made: Sequence[RawItem], senders: int = SENDERS) -> float:
    """Have senders store one message after the other, and wait until all are processed."""
    began = time.perf_counter()
    await kept(context, channel_id, made, senders)
    await context.shared(Intake).taker.idle()
    return time.perf_counter() - began


async def kept(context: AppContext, channel_id: UUID, made: Sequence[RawItem], senders: int) -> None:
    """Have senders store one message after the other, until all are acknowledged."""
    waiting = iter(made)

    async def sender() -> None:
        for item in waiting:
            await context.shared(Intake).keep(channel_id, [item])

    await asyncio.gather(*(sender() for _ in range(senders)))
