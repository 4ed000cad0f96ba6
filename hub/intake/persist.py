"""Write a batch of parsed arrivals: contacts, conversations, messages, entries and work. About a dozen queries."""

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
from hub.intake.plan import MAX_ANSWERS, MAX_CC, ConversationState, InboundItem, Plan, plan_messages, sender_of
from hub.routing import actions as routing
from hub.runtime.context import RECORDED
from hub.storage.bulk import insert_many, update_many
from hub.storage.database import new_id
from hub.timeline import blobs
from hub.timeline.contacts import Found, Key, Person, key_of, points_for
from hub.timeline.models import Attachment, Conversation, Message, Participant, PendingReference
from hub.timeline.threading import KnownThreads

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
    """Write a batch in the caller's transaction; messages that were received before change nothing."""
    await _apply_receipts(session, read)
    items = await _not_received_before(session, list(_inbound_items(read)))
    if not items:
        return
    points = await points_for(session, [person for item in items for person in _people(item)])
    known, conversations = await _known_threads(session, items, points)
    planned = Plan(conversations=conversations)
    plan_messages(planned, items, points, known)
    await store(session, planned)
    await session.execute(SEEN_CHANNELS, {"ids": list({item.channel.id for item in items})})
    session.info[RECORDED] = True
    await _route(session, planned)


async def _apply_receipts(session: AsyncSession, read: Iterable[Read]) -> None:
    for one in read:
        receipts = [item for item in one.items if isinstance(item, DeliveryReceipt)]
        if receipts:
            await apply_receipts(session, one.lane.id, receipts)


def _inbound_items(read: Iterable[Read]) -> Iterable[InboundItem]:
    for one in read:
        for item in one.items:
            if isinstance(item, InboundMessage):
                yield InboundItem(arrival=one.arrival, channel=one.lane, message=item)
            elif isinstance(item, Unreadable):
                message = InboundMessage(external_id=item.external_id, sender=item.sender or Point(scheme="", value=""))
                yield InboundItem(arrival=one.arrival, channel=one.lane, message=message, unreadable=item.reason)


async def _not_received_before(session: AsyncSession, items: Sequence[InboundItem]) -> list[InboundItem]:
    """Leave out messages received in earlier batches or earlier in this one. One query."""
    if not items:
        return []
    keys = [(item.channel.id, item.message.external_id) for item in items]
    known = await session.execute(RECEIVED, {"channels": [k[0] for k in keys], "externals": [k[1] for k in keys]})
    seen = {(row.channel_id, row.external_id) for row in known}
    fresh = []
    for key, item in zip(keys, items, strict=True):
        if key not in seen:
            seen.add(key)
            fresh.append(item)
    return fresh


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


def _contact_id(item: InboundItem, points: dict[Key, Found]) -> UUID:
    sender = sender_of(item)
    return points[key_of(sender.scheme, sender.value)].contact_id


async def _known_threads(
    session: AsyncSession, items: Sequence[InboundItem], points: dict[Key, Found]
) -> tuple[KnownThreads, dict[UUID, ConversationState]]:
    """Lock the contacts who wrote, then find and lock the conversations the messages may belong to."""
    await session.execute(LOCK_CONTACTS, {"ids": sorted({_contact_id(item, points) for item in items})})
    by_key = await _by_key(session, {key for item in items for key in item.message.reply_keys})
    references = {answered for item in items for answered in item.message.references[:MAX_ANSWERS]}
    by_answer = await _by_answer(session, references)
    continuing = {_contact_id(item, points) for item in items if not item.channel.capabilities.threads}
    latest = await _latest(session, continuing)
    pending = await _pending(session, {item.message.message_id for item in items if item.message.message_id})
    answered = {id_ for found in (*by_answer.values(), *pending.values()) for id_ in found.values()}
    conversations = await _locked(session, {*by_key.values(), *answered, *latest.values()})
    known = KnownThreads(
        by_key=by_key,
        by_answer=by_answer,
        pending=pending,
        parties=await _participants(session, answered),
        latest=latest,
        conversations=dict(conversations),
    )
    return known, conversations


async def _by_key(session: AsyncSession, keys: set[str]) -> dict[str, UUID]:
    if not keys:
        return {}
    rows = await session.execute(
        select(Conversation.reply_key, Conversation.id).where(Conversation.reply_key.in_(keys)),
    )
    return {row.reply_key: row.id for row in rows}


async def _by_answer(session: AsyncSession, answers: set[str]) -> dict[str, dict[UUID | None, UUID]]:
    """Return the conversations of the answered messages by id and channel: two mailboxes may hold the same mail."""
    found: dict[str, dict[UUID | None, UUID]] = {}
    if answers:
        wanted = select(Message.email_id, Message.channel_id, Message.conversation_id)
        rows = await session.execute(wanted.where(Message.email_id.in_(answers)).order_by(Message.at))
        for email_id, channel_id, conversation_id in rows:
            found.setdefault(email_id or "", {})[channel_id] = conversation_id
    return found


async def _pending(session: AsyncSession, ids: set[str]) -> dict[str, dict[UUID | None, UUID]]:
    """Return the conversations that answered these messages before they arrived."""
    found: dict[str, dict[UUID | None, UUID]] = {}
    if ids:
        for one in await session.scalars(select(PendingReference).where(PendingReference.email_id.in_(ids))):
            found.setdefault(one.email_id, {})[one.channel_id] = one.conversation_id
    return found


async def _latest(session: AsyncSession, contacts: set[UUID]) -> dict[UUID, UUID]:
    if not contacts:
        return {}
    return {row.contact_id: row.id for row in await session.execute(LATEST, {"contacts": sorted(contacts)})}


async def _locked(session: AsyncSession, ids: set[UUID]) -> dict[UUID, ConversationState]:
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
        Conversation.wrap_up,
        Conversation.version,
    )
    rows = await session.execute(
        select(*columns).where(Conversation.id.in_(ids)).order_by(Conversation.id).with_for_update()
    )
    return {row["id"]: ConversationState(**row) for row in rows.mappings()}


async def _participants(session: AsyncSession, ids: set[UUID]) -> dict[UUID, set[UUID]]:
    if not ids:
        return {}
    points: dict[UUID, set[UUID]] = {}
    rows = await session.execute(
        select(Participant.conversation_id, Participant.point_id).where(Participant.conversation_id.in_(ids)),
    )
    for row in rows:
        points.setdefault(row.conversation_id, set()).add(row.point_id)
    return points


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
    await blobs.keep_small(session, bodies)
    await insert_many(session, Attachment, rows)


async def _route(session: AsyncSession, planned: Plan) -> None:
    """Queue new work, and return snoozed and reopened conversations to their owners."""
    fresh = [(id_, team_id, work_class) for id_, (team_id, work_class) in sorted(planned.fresh.items())]
    returning = [
        (await session.get_one(Conversation, id_, populate_existing=True), work_class)
        for id_, work_class in sorted(planned.returning.items())
    ]
    if fresh or returning:
        await routing.enqueue_many(session, fresh, returning=returning)
