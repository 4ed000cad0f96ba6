"""Write a batch of parsed arrivals: contacts, conversations, messages, entries and work. About a dozen queries."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from hub.channels.contract import DeliveryReceipt, File, InboundMessage, Point, Unreadable
from hub.delivery.receipts import apply_receipts
from hub.events.models import Entry
from hub.intake.known_threads import MARK_CHANNELS_USED, known_threads
from hub.intake.parsing import ParsedArrival
from hub.intake.plan import MAX_CC, InboundItem, Plan, plan_messages, sender_of
from hub.routing import actions as routing
from hub.runtime.context import RECORDED
from hub.storage.bulk import insert_many, update_many
from hub.storage.database import new_id
from hub.timeline import blobs
from hub.timeline.contacts import Person, find_or_create_points, key_of
from hub.timeline.models import Attachment, Conversation, Message, Participant, PendingReference

FIND_RECEIVED = text(
    "select m.channel_id, m.external_id from message m"
    " join unnest(cast(:channels as uuid[]), cast(:externals as text[])) as w(channel_id, external_id)"
    " on m.channel_id = w.channel_id and m.external_id = w.external_id",
).bindparams(bindparam("channels", type_=ARRAY(Uuid)), bindparam("externals", type_=ARRAY(Text)))


async def write(session: AsyncSession, parsed: Sequence[ParsedArrival]) -> None:
    """Write a batch in the caller's transaction; messages that were received before change nothing."""
    await _apply_receipts(session, parsed)
    items = await _not_received_before(session, list(_inbound_items(parsed)))
    if not items:
        return
    points = await find_or_create_points(session, [person for item in items for person in _people(item)])
    known, conversations = await known_threads(session, items, points)
    planned = Plan(conversations=conversations)
    plan_messages(planned, items, points, known)
    await store(session, planned)
    await session.execute(MARK_CHANNELS_USED, {"ids": list({item.channel.id for item in items})})
    session.info[RECORDED] = True
    await _route(session, planned)


async def _apply_receipts(session: AsyncSession, parsed: Iterable[ParsedArrival]) -> None:
    for parsed_arrival in parsed:
        receipts = [item for item in parsed_arrival.items if isinstance(item, DeliveryReceipt)]
        if receipts:
            await apply_receipts(session, parsed_arrival.channel.id, receipts)


def _inbound_items(parsed: Iterable[ParsedArrival]) -> Iterable[InboundItem]:
    for parsed_arrival in parsed:
        for item in parsed_arrival.items:
            if isinstance(item, InboundMessage):
                yield InboundItem(arrival=parsed_arrival.arrival, channel=parsed_arrival.channel, message=item)
            elif isinstance(item, Unreadable):
                message = InboundMessage(external_id=item.external_id, sender=item.sender or Point(scheme="", value=""))
                yield InboundItem(
                    arrival=parsed_arrival.arrival,
                    channel=parsed_arrival.channel,
                    message=message,
                    unreadable=item.reason,
                )


async def _not_received_before(session: AsyncSession, items: Sequence[InboundItem]) -> list[InboundItem]:
    """Leave out messages received in earlier batches or earlier in this one. One query."""
    if not items:
        return []
    keys = [(item.channel.id, item.message.external_id) for item in items]
    known = await session.execute(FIND_RECEIVED, {"channels": [k[0] for k in keys], "externals": [k[1] for k in keys]})
    seen = {(row.channel_id, row.external_id) for row in known}
    new_items = []
    for key, item in zip(keys, items, strict=True):
        if key not in seen:
            seen.add(key)
            new_items.append(item)
    return new_items


def _people(item: InboundItem) -> Iterable[Person]:
    sender = sender_of(item)
    same = (sender, *(point for point in item.message.verified_points if point.verified))
    yield Person(
        keys=tuple(key_of(point.scheme, point.value) for point in same),
        displays=tuple(point.display or point.value for point in same),
        verified=tuple(point.verified for point in same),
        name=next((point.name for point in same if point.name), None),
        demo=item.channel.demo,
    )
    for point in item.message.cc[:MAX_CC]:
        yield Person(
            keys=(key_of(point.scheme, point.value),),
            displays=(point.display or point.value,),
            verified=(False,),
            name=point.name,
            demo=item.channel.demo,
        )


async def store(session: AsyncSession, planned: Plan) -> None:
    """Write the rows of a plan; routing its conversations is left to the caller."""
    await insert_many(session, Conversation, planned.inserts())
    await insert_many(session, Message, planned.messages)
    await _store_files(session, planned.files)
    participants = [planned.participants[key] for key in sorted(planned.participants)]
    await insert_many(session, Participant, participants, tail="on conflict do nothing")
    await update_many(session, Conversation, planned.updates())
    await insert_many(session, PendingReference, planned.pending, tail="on conflict do nothing")
    await insert_many(session, Entry, planned.entries)


async def _store_files(session: AsyncSession, files: Sequence[tuple[UUID, File]]) -> None:
    """Store the files of messages; large ones are on disk already."""
    bodies: dict[str, bytes] = {}
    rows: list[dict[str, Any]] = []
    for message_id, file in files:
        content = file.content or b""
        digest = file.digest or hashlib.sha256(content).hexdigest()
        if file.content is not None:
            bodies[digest] = content
        rows.append(
            {
                "id": new_id(),
                "message_id": message_id,
                "digest": digest,
                "filename": (file.filename or "file")[:180],
                "media_type": file.media_type[:120],
                "size": file.size or len(content),
                "content_id": file.content_id,
                "inline": file.inline,
            }
        )
    await blobs.store_small(session, bodies)
    await insert_many(session, Attachment, rows)


async def _route(session: AsyncSession, planned: Plan) -> None:
    """Queue new work, and return snoozed and reopened conversations to their owners."""
    unassigned = [(id_, team_id, work_class) for id_, (team_id, work_class) in sorted(planned.unassigned.items())]
    returning = [
        (await session.get_one(Conversation, id_, populate_existing=True), work_class)
        for id_, work_class in sorted(planned.returning.items())
    ]
    if unassigned or returning:
        await routing.enqueue_many(session, unassigned, returning=returning)
