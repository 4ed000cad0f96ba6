"""Merge two contacts that are one person, and undo a merge."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.events.definitions import ContactChanged, ContactsMerged, ContactsUnmerged, Event
from hub.events.log import record
from hub.events.models import Entry
from hub.storage.database import now
from hub.timeline.errors import ContactAlreadyMerged, ContactMergedWithItself, ContactNotFound, ContactNotMerged
from hub.timeline.models import Contact, ContactMerge, ContactPoint, Conversation, Message


async def merge(
    session: AsyncSession,
    source_id: UUID,
    target_id: UUID,
    *,
    reason: str,
    agent_id: UUID | None = None,
) -> None:
    """Move the points, conversations and messages of `source` to `target`; their ids are stored for undoing it.

    `reason` is a code; `agent_id` is the agent who merged them (None: the hub). Raises NotFound, and Conflict when one
    of them has been merged already.
    """
    if source_id == target_id:
        raise ContactMergedWithItself
    contacts = await _lock_contacts(session, source_id, target_id)
    if any(contact.merged_into_id for contact in contacts.values()):
        raise ContactAlreadyMerged
    points = await _move_rows(session, ContactPoint, source_id, target_id)
    conversations = await _move_rows(session, Conversation, source_id, target_id)
    await _move_messages(session, conversations, target_id)
    session.add(
        ContactMerge(
            source_id=source_id,
            target_id=target_id,
            point_ids=[str(id_) for id_ in points],
            conversation_ids=[str(id_) for id_ in conversations],
            reason=reason,
            agent_id=agent_id,
        )
    )
    contacts[source_id].merged_into_id = target_id
    await _move_entries(session, conversations, source_id, target_id)
    if _move_name(contacts[source_id], contacts[target_id]):
        await record_contact_changed(session, target_id, agent_id=agent_id)
    event = ContactsMerged(source_id=source_id, target_id=target_id, reason=reason)
    _record_for_all(session, event, conversations, contact_id=target_id, agent_id=agent_id)
    await session.flush()


async def _lock_contacts(session: AsyncSession, *ids: UUID) -> dict[UUID, Contact]:
    rows = await session.scalars(select(Contact).where(Contact.id.in_(ids)).order_by(Contact.id).with_for_update())
    contacts = {contact.id: contact for contact in rows}
    if len(contacts) != len(set(ids)):
        raise ContactNotFound
    return contacts


async def _move_rows(
    session: AsyncSession,
    entity: type[ContactPoint] | type[Conversation],
    source_id: UUID,
    target_id: UUID,
) -> list[UUID]:
    values: dict[str, Any] = {"contact_id": target_id}
    if entity is Conversation:
        values["version"] = Conversation.version + 1
    result = await session.execute(
        update(entity).where(entity.contact_id == source_id).values(**values).returning(entity.id),
    )
    return list(result.scalars())


def _move_name(source: Contact, target: Contact) -> bool:
    is_missing = source.named and not target.named
    if is_missing:
        target.name, target.named = source.name, True
    return is_missing


async def _move_messages(session: AsyncSession, conversations: Sequence[UUID], contact_id: UUID) -> None:
    update_messages = update(Message).where(Message.conversation_id.in_(conversations))
    await session.execute(update_messages.values(contact_id=contact_id))


async def _move_entries(session: AsyncSession, conversations: Sequence[UUID], old_id: UUID, new_id_: UUID) -> None:
    """Move the log entries of these conversations to the timeline of another contact."""
    update_entries = update(Entry).where(
        Entry.contact_id == old_id, Entry.shown, Entry.conversation_id.in_(conversations)
    )
    await session.execute(update_entries.values(contact_id=new_id_), execution_options={"synchronize_session": False})


async def record_contact_changed(session: AsyncSession, contact_id: UUID, *, agent_id: UUID | None = None) -> None:
    """Record that a contact changed, once for each of its conversations, since each shows the name."""
    conversation_ids = await session.scalars(select(Conversation.id).where(Conversation.contact_id == contact_id))
    event = ContactChanged(contact_id=contact_id)
    _record_for_all(session, event, list(conversation_ids), contact_id=contact_id, agent_id=agent_id)


def _record_for_all(
    session: AsyncSession, event: Event, conversations: Sequence[UUID], *, contact_id: UUID, agent_id: UUID | None
) -> None:
    """Record an event once for each conversation, or once without a conversation when there are none."""
    for conversation_id in (*conversations,) or (None,):
        record(session, event, conversation_id=conversation_id, contact_id=contact_id, agent_id=agent_id)


async def unmerge(session: AsyncSession, source_id: UUID, *, agent_id: UUID | None = None) -> UUID:
    """Undo the last merge of `source`, and return the id of the target.

    Rows that the merge moved are moved back; those that arrived later stay with the target. Raises NotFound.
    """
    stored_merge = await session.scalar(
        select(ContactMerge)
        .where(ContactMerge.source_id == source_id, ContactMerge.undone_at.is_(None))
        .order_by(ContactMerge.merged_at.desc())
        .limit(1)
        .with_for_update(),
    )
    if stored_merge is None:
        raise ContactNotMerged
    contacts = await _lock_contacts(session, source_id, stored_merge.target_id)
    contacts[source_id].merged_into_id = None
    points, conversations = (
        [UUID(id_) for id_ in ids] for ids in (stored_merge.point_ids, stored_merge.conversation_ids)
    )
    await session.execute(update(ContactPoint).where(ContactPoint.id.in_(points)).values(contact_id=source_id))
    await session.execute(
        update(Conversation)
        .where(Conversation.id.in_(conversations))
        .values(contact_id=source_id, version=Conversation.version + 1),
    )
    await _move_messages(session, conversations, source_id)
    await _move_entries(session, conversations, stored_merge.target_id, source_id)
    stored_merge.undone_at = now()
    event = ContactsUnmerged(source_id=source_id, target_id=stored_merge.target_id)
    _record_for_all(session, event, conversations, contact_id=source_id, agent_id=agent_id)
    await session.flush()
    return stored_merge.target_id
