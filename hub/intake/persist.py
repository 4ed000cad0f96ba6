"""Write what a batch of arrivals says: who wrote, which conversation, the messages, the work. About a dozen queries."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from hub.channels.contract import DeliveryReceipt, File, InboundMessage, Point, Unreadable
from hub.delivery.receipts import apply_receipts
from hub.events.models import Entry
from hub.intake.parsing import Read
from hub.intake.plan import MAX_ANSWERS, MAX_CC, ConversationState, InboundItem, Plan, changed, plan, sender_of
from hub.routing import actions as routing
from hub.runtime.context import RECORDED
from hub.storage.bulk import insert_many, update_many
from hub.storage.database import new_id
from hub.timeline import blobs
from hub.timeline.contacts import Found, Key, Person, key_of, points_for
from hub.timeline.models import Attachment, Awaited, Conversation, Message, Participant
from hub.timeline.threading import Surroundings

RECEIVED = text(
    "select m.channel_id, m.external_id from message m"
    " join unnest(cast(:channels as uuid[]), cast(:externals as text[])) as w(channel_id, external_id)"
    " on m.channel_id = w.channel_id and m.external_id = w.external_id",
).bindparams(bindparam("channels", type_=ARRAY(Uuid)), bindparam("externals", type_=ARRAY(Text)))

LATEST = text(
    "select w.contact_id, c.id from unnest(cast(:contacts as uuid[])) as w(contact_id) join lateral ("
    " select id from conversation where conversation.contact_id = w.contact_id"
    " order by (state = 'resolved'), last_at desc limit 1) c on true",
).bindparams(bindparam("contacts", type_=ARRAY(Uuid)))

LOCK_CONTACTS = text("select id from contact where id = any(:ids) order by id for update").bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
)
SEEN_CHANNELS = text(
    "update channel set last_in_at = clock_timestamp() where id = any(:ids)"
    " and (last_in_at is null or last_in_at < clock_timestamp() - interval '10 s')",
).bindparams(bindparam("ids", type_=ARRAY(Uuid)))


async def write(session: AsyncSession, read: Sequence[Read]) -> None:
    """Write a batch."""
    await _receipts(session, read)
    heard = await _fresh(session, list(_heard(read)))
    if not heard:
        return
    points = await points_for(session, [person for one in heard for person in _people(one)])
    around, standing = await _surroundings(session, heard, points)
    made = plan(heard, points, around, standing)
    await _store(session, made)
    await session.execute(SEEN_CHANNELS, {"ids": list({one.lane.id for one in heard})})
    session.info[RECORDED] = True
    await _route(session, made)


async def _receipts(session: AsyncSession, read: Iterable[Read]) -> None:
    for one in read:
        receipts = [item for item in one.items if isinstance(item, DeliveryReceipt)]
        if receipts:
            await apply_receipts(session, one.lane.id, receipts)


def _heard(read: Iterable[Read]) -> Iterable[InboundItem]:
    for one in read:
        for item in one.items:
            if isinstance(item, InboundMessage):
                yield InboundItem(arrival=one.arrival, lane=one.lane, message=item)
            elif isinstance(item, Unreadable):
                message = InboundMessage(external_id=item.external_id, sender=item.sender or Point(scheme="", value=""))
                yield InboundItem(arrival=one.arrival, lane=one.lane, message=message, unreadable=item.reason)


async def _fresh(session: AsyncSession, heard: Sequence[InboundItem]) -> list[InboundItem]:
    """Leave out what was received before, in earlier batches or in this one. One query."""
    if not heard:
        return []
    keys = [(one.lane.id, one.message.external_id) for one in heard]
    known = await session.execute(RECEIVED, {"channels": [k[0] for k in keys], "externals": [k[1] for k in keys]})
    seen = {(row.channel_id, row.external_id) for row in known}
    fresh = []
    for key, one in zip(keys, heard, strict=True):
        if key not in seen:
            seen.add(key)
            fresh.append(one)
    return fresh


def _people(one: InboundItem) -> Iterable[Person]:
    sender = sender_of(one)
    same = (sender, *(point for point in one.message.verified_points if point.verified))
    yield Person(
        keys=tuple(key_of(point.scheme, point.value) for point in same),
        written=tuple(point.value for point in same),
        verified=tuple(point.verified for point in same),
        name=next((point.name for point in same if point.name), None),
        demo=one.lane.demo,
    )
    for point in one.message.cc[:MAX_CC]:
        yield Person(
            keys=(key_of(point.scheme, point.value),),
            written=(point.value,),
            verified=(False,),
            name=point.name,
            demo=one.lane.demo,
        )


async def _surroundings(
    session: AsyncSession,
    heard: Sequence[InboundItem],
    points: dict[Key, Found],
) -> tuple[Surroundings, dict[UUID, ConversationState]]:
    """Lock the customers who wrote, then find and lock the conversations it could be about."""
    contacts = {points[key_of(sender_of(one).scheme, sender_of(one).value)].contact_id for one in heard}
    await session.execute(LOCK_CONTACTS, {"ids": sorted(contacts)})
    by_key = await _by_key(session, {key for one in heard for key in one.message.reply_keys})
    by_answer = await _by_answer(session, {answer for one in heard for answer in one.message.references[:MAX_ANSWERS]})
    going_on = {
        points[key_of(sender_of(one).scheme, sender_of(one).value)].contact_id
        for one in heard
        if not one.lane.capabilities.threads
    }
    latest = await _latest(session, going_on)
    awaited = await _awaited(session, {one.message.message_id for one in heard if one.message.message_id})
    answered = {id_ for found in (*by_answer.values(), *awaited.values()) for id_ in found.values()}
    standing = await _standing(session, {*by_key.values(), *answered, *latest.values()})
    parties = await _parties(session, answered)
    around = Surroundings(
        by_key=by_key, by_answer=by_answer, awaited=awaited, parties=parties, latest=latest, known=dict(standing)
    )
    return around, standing


async def _by_key(session: AsyncSession, keys: set[str]) -> dict[str, UUID]:
    if not keys:
        return {}
    rows = await session.execute(
        select(Conversation.reply_key, Conversation.id).where(Conversation.reply_key.in_(keys)),
    )
    return {row.reply_key: row.id for row in rows}


async def _by_answer(session: AsyncSession, answers: set[str]) -> dict[str, dict[UUID | None, UUID]]:
    """Find the messages answered; two mailboxes of ours may hold the same one."""
    found: dict[str, dict[UUID | None, UUID]] = {}
    if answers:
        wanted = select(Message.email_id, Message.channel_id, Message.conversation_id)
        rows = await session.execute(wanted.where(Message.email_id.in_(answers)).order_by(Message.at))
        for email_id, channel_id, conversation_id in rows:
            found.setdefault(email_id or "", {})[channel_id] = conversation_id
    return found


async def _awaited(session: AsyncSession, ids: set[str]) -> dict[str, dict[UUID | None, UUID]]:
    """Find the conversations that answered these messages before they came."""
    found: dict[str, dict[UUID | None, UUID]] = {}
    if ids:
        for one in await session.scalars(select(Awaited).where(Awaited.email_id.in_(ids))):
            found.setdefault(one.email_id, {})[one.channel_id] = one.conversation_id
    return found


async def _latest(session: AsyncSession, contacts: set[UUID]) -> dict[UUID, UUID]:
    if not contacts:
        return {}
    return {row.contact_id: row.id for row in await session.execute(LATEST, {"contacts": sorted(contacts)})}


async def _standing(session: AsyncSession, ids: set[UUID]) -> dict[UUID, ConversationState]:
    if not ids:
        return {}
    columns = (
        Conversation.id,
        Conversation.contact_id,
        Conversation.state,
        Conversation.last_at,
        Conversation.resolved_at,
        Conversation.team_id,
        Conversation.assignee_id,
        Conversation.waiting_since,
        Conversation.inbound_count,
        Conversation.preview,
        Conversation.last_channel_id,
        Conversation.last_direction,
        Conversation.snoozed_until,
    )
    rows = await session.execute(
        select(*columns).where(Conversation.id.in_(ids)).order_by(Conversation.id).with_for_update()
    )
    return {row["id"]: ConversationState(**row) for row in rows.mappings()}


async def _parties(session: AsyncSession, ids: set[UUID]) -> dict[UUID, set[UUID]]:
    if not ids:
        return {}
    parties: dict[UUID, set[UUID]] = {}
    rows = await session.execute(
        select(Participant.conversation_id, Participant.point_id).where(Participant.conversation_id.in_(ids)),
    )
    for row in rows:
        parties.setdefault(row.conversation_id, set()).add(row.point_id)
    return parties


async def _store(session: AsyncSession, made: Plan) -> None:
    await insert_many(session, Conversation, sorted(made.opened, key=lambda row: str(row["id"])))
    await insert_many(session, Message, made.messages)
    await _store_files(session, made.files)
    parties = [made.parties[key] for key in sorted(made.parties)]
    await insert_many(session, Participant, parties, tail="on conflict do nothing")
    await update_many(session, Conversation, changed(made.standing.values()), also=", version = t.version + 1")
    await insert_many(session, Awaited, made.awaited, tail="on conflict do nothing")
    await insert_many(session, Entry, made.entries)


async def _store_files(session: AsyncSession, files: Sequence[tuple[UUID, File]]) -> None:
    """Store what came with the messages; the large ones are on disk already."""
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
    await blobs.keep_small(session, bodies)
    await insert_many(session, Attachment, rows)


async def _route(session: AsyncSession, made: Plan) -> None:
    """See to it that everything new is in somebody's hands or waits."""
    fresh = [(id_, team_id, work_class) for id_, (team_id, work_class) in sorted(made.enqueue.items())]
    returning = [
        (await session.get_one(Conversation, id_, populate_existing=True), work_class)
        for id_, work_class in sorted(made.woken.items())
    ]
    if fresh or returning:
        await routing.enqueue_many(session, fresh, returning=returning)
