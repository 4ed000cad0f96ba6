"""Finds and locks the conversations that a batch of messages may belong to."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from hub.intake.plan import MAX_ANSWERS, ConversationState, InboundItem, sender_of
from hub.timeline.contacts import PointKey, StoredPoint, key_of
from hub.timeline.models import Conversation, Message, Participant, PendingReference
from hub.timeline.threading import KnownThreads

LATEST_CONVERSATIONS = text(
    "select w.contact_id, c.id from unnest(cast(:contacts as uuid[])) as w(contact_id) join lateral ("
    " select id from conversation where conversation.contact_id = w.contact_id"
    " order by (state = 'resolved'), last_at desc limit 1) c on true",
).bindparams(bindparam("contacts", type_=ARRAY(Uuid)))

LOCK_CONTACTS = text("select id from contact where id = any(:ids) order by id for update").bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
)

MARK_CHANNELS_USED = text(
    "update channel set last_in_at = clock_timestamp() where id = any(:ids)"
    " and (last_in_at is null or last_in_at < clock_timestamp() - interval '10 s')",
).bindparams(bindparam("ids", type_=ARRAY(Uuid)))


async def known_threads(
    session: AsyncSession, items: Sequence[InboundItem], points: dict[PointKey, StoredPoint]
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
        for pending in await session.scalars(select(PendingReference).where(PendingReference.email_id.in_(ids))):
            found.setdefault(pending.email_id, {})[pending.channel_id] = pending.conversation_id
    return found


async def _latest(session: AsyncSession, contacts: set[UUID]) -> dict[UUID, UUID]:
    if not contacts:
        return {}
    return {
        row.contact_id: row.id for row in await session.execute(LATEST_CONVERSATIONS, {"contacts": sorted(contacts)})
    }


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


def _contact_id(item: InboundItem, points: dict[PointKey, StoredPoint]) -> UUID:
    sender = sender_of(item)
    return points[key_of(sender.scheme, sender.value)].contact_id


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
