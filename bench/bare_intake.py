"""The limit of intake: a bare asyncpg program that writes the same rows, one message per transaction."""

import asyncio
import uuid
from collections.abc import Sequence
from uuid import UUID

import asyncpg

from bench.chats import TEXT
from hub.channels.contract import RawItem

ARRIVAL = (
    "insert into arrival (id, channel_id, dedupe_key, meta, digest, size, state, attempts, taken_at)"
    " values ($1, $2, $3, '{}', $4, $5, 'taken', 1, now()) on conflict do nothing"
)
BLOB = "insert into blob (digest, body) values ($1, $2) on conflict do nothing"
KNOWN = (
    "select p.id, p.contact_id, c.id as conversation from contact_point p join conversation c"
    " on c.contact_id = p.contact_id where p.scheme = 'webchat' and p.value = $1"
)
CONTACT = "insert into contact (id, name, named, demo) values ($1, $2, false, false)"
POINT = "insert into contact_point (id, contact_id, scheme, value, display) values ($1, $2, 'webchat', $3, $3)"
CONVERSATION = (
    "insert into conversation (id, contact_id, state, assigned_why, reply_key, preview, last_direction, last_at,"
    " inbound_count, reply_count, version, demo, opened_at)"
    " values ($1, $2, 'open', '[]', $3, $4, 'inbound', now(), 1, 0, 1, false, now())"
)
ENTRY = "insert into entry (conversation_id, contact_id, shown, event) values ($1, $2, $3, $4)"
WORK = (
    "insert into work_item (id, conversation_id, queue_id, work_class, units, state, key, queued_at, over_cap, version)"
    " values ($1, $2, (select id from queue limit 1), 'live', 1, 'queued', now(), now(), false, 1)"
)
GOES_ON = (
    "update conversation set last_at = now(), preview = $2, inbound_count = inbound_count + 1,"
    " version = version + 1 where id = $1"
)
MESSAGE = (
    "insert into message (id, conversation_id, contact_id, at, direction, channel_id, external_id, point_id, cc, body,"
    " automatic, mentions, has_files)"
    " values ($1, $2, $3, now(), 'inbound', $4, $5, $6, '[]', $7, false, '[]', false)"
)


async def write(pool: asyncpg.Pool, channel_id: UUID, made: Sequence[RawItem], writers: int) -> None:
    """Have this many connections write one message after the other."""
    waiting = iter(made)

    async def writer() -> None:
        async with pool.acquire() as line:
            for item in waiting:
                await _sure(line, channel_id, item)

    await asyncio.gather(*(writer() for _ in range(writers)))


async def _sure(line: asyncpg.Connection, channel_id: UUID, item: RawItem) -> None:
    """Write one message; try again if another connection met the same new visitor."""
    try:
        await _one(line, channel_id, item)
    except asyncpg.UniqueViolationError:
        await _one(line, channel_id, item)


async def _one(line: asyncpg.Connection, channel_id: UUID, item: RawItem) -> None:
    """Write the rows of one message; every id is known beforehand except that of the contact point."""
    visitor = item.dedupe_key.partition(":")[0]
    preview, digest = item.body.decode()[:160], uuid.uuid4().hex
    async with line.transaction():
        await line.execute(ARRIVAL, uuid.uuid4(), channel_id, item.dedupe_key, digest, len(item.body))
        await line.execute(BLOB, digest, item.body)
        row = await line.fetchrow(KNOWN, visitor)
        if row is None:
            point, contact, conversation = await _opened(line, visitor, preview)
        else:
            point, contact, conversation = row
            await line.execute(GOES_ON, conversation, preview)
        ids = (uuid.uuid4(), conversation, contact, channel_id, item.dedupe_key, point)
        await line.execute(MESSAGE, *ids, TEXT)
        event = '{"type": "message_received", "message_id": "x"}'
        await line.execute(ENTRY, conversation, contact, False, event)


async def _opened(line: asyncpg.Connection, visitor: str, preview: str) -> tuple[UUID, UUID, UUID]:
    contact, point, conversation = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    await line.execute(CONTACT, contact, visitor)
    await line.execute(POINT, point, contact, visitor)
    await line.execute(CONVERSATION, conversation, contact, conversation.hex[:26], preview)
    await line.execute(ENTRY, conversation, contact, True, '{"type": "conversation_opened"}')
    await line.execute(WORK, uuid.uuid4(), conversation)
    return point, contact, conversation
