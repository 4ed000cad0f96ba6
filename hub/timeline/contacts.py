"""Find or create the contact of an address; merge two contacts that are one person, and undo a merge."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ARRAY, Text, bindparam, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.events.definitions import ContactChanged, ContactsMerged, ContactsUnmerged
from hub.events.log import record
from hub.events.models import Entry
from hub.storage.bulk import insert_many, update_many
from hub.storage.database import new_id, now
from hub.timeline.errors import ContactAlreadyMerged, ContactMergedWithItself, ContactNotFound, ContactNotMerged
from hub.timeline.identity import normalise
from hub.timeline.models import Contact, ContactMerge, ContactPoint, Conversation, Message

Key = tuple[str, str]  # scheme, normalised value

FIND = text(
    "select p.id, p.contact_id, p.scheme, p.value, p.verified_at, c.named from contact_point p"
    " join unnest(cast(:schemes as text[]), cast(:values as text[])) as w(scheme, value)"
    " on p.scheme = w.scheme and p.value = w.value join contact c on c.id = p.contact_id",
).bindparams(bindparam("schemes", type_=ARRAY(Text)), bindparam("values", type_=ARRAY(Text)))


class Person(Struct, kw_only=True):
    """The addresses that a message shows to belong to one person, the sender's own first."""

    keys: tuple[Key, ...]
    displays: tuple[str, ...]  # what people see of them, one for each key
    verified: tuple[bool, ...]
    name: str | None = None
    demo: bool = False


class Found(Struct, kw_only=True):
    """A stored contact point."""

    id: UUID
    contact_id: UUID
    verified: bool
    named: bool


def key_of(scheme: str, value: str) -> Key:
    """Return the key by which an address is unique in the hub."""
    return scheme, normalise(scheme, value)


async def find(session: AsyncSession, keys: Iterable[Key]) -> dict[Key, Found]:
    """Return the stored contact points of these addresses. One query."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    rows = await session.execute(FIND, {"schemes": [k[0] for k in wanted], "values": [k[1] for k in wanted]})
    return {
        (row.scheme, row.value): Found(
            id=row.id,
            contact_id=row.contact_id,
            verified=row.verified_at is not None,
            named=row.named,
        )
        for row in rows
    }


async def points_for(session: AsyncSession, people: Sequence[Person]) -> dict[Key, Found]:
    """Find or create the contact points and contacts of many people, and merge contacts proven to be one person.

    Two queries when all are stored, four to six when some are new; a merge costs more and is rare.
    """
    every = [key for person in people for key in person.keys]
    known = await find(session, every)
    if any(key not in known for key in every):
        await _create(session, people, known)
        known |= await find(session, (key for key in every if key not in known))
    await _update(session, people, known)
    for person in people:
        await _merge_verified(session, person, known)
    return known


async def _create(session: AsyncSession, people: Sequence[Person], known: Mapping[Key, Found]) -> None:
    """Insert missing contacts and points; where another process inserts a point first, its contact is used."""
    contacts: dict[UUID, dict[str, Any]] = {}
    points: dict[Key, dict[str, Any]] = {}
    for person in people:
        home = next((known[k].contact_id for k in person.keys if k in known), None)
        home = home or next((points[k]["contact_id"] for k in person.keys if k in points), None)
        if home is None:
            contact = _new_contact(person)
            contacts[contact["id"]] = contact
            home = contact["id"]
        for key, display in zip(person.keys, person.displays, strict=True):
            if key not in known:
                points.setdefault(key, _new_point(home, key, display))
    await insert_many(session, Contact, list(contacts.values()))
    rows = [points[key] for key in sorted(points)]
    won = await insert_many(
        session, ContactPoint, rows, tail="on conflict (scheme, value) do nothing returning contact_id"
    )
    orphans = set(contacts) - {row.contact_id for row in won}
    if orphans:
        await session.execute(text("delete from contact where id = any(:ids)"), {"ids": list(orphans)})


def _new_contact(person: Person) -> dict[str, Any]:
    name = person.name or person.displays[0]
    return {"id": new_id(), "name": name[:200], "named": bool(person.name), "demo": person.demo, "created_at": now()}


def _new_point(contact_id: UUID, key: Key, display: str) -> dict[str, Any]:
    return {
        "id": new_id(),
        "contact_id": contact_id,
        "scheme": key[0],
        "value": key[1],
        "display": display,
        "created_at": now(),
    }


async def _update(session: AsyncSession, people: Sequence[Person], known: dict[Key, Found]) -> None:
    """Store names that were missing, and mark addresses that are now verified."""
    names: dict[UUID, str] = {}
    proven: dict[UUID, datetime] = {}
    for person in people:
        found = known[person.keys[0]]
        if person.name and not found.named:
            names.setdefault(found.contact_id, person.name[:200])
        for key, verified in zip(person.keys, person.verified, strict=True):
            if verified and not known[key].verified:
                proven[known[key].id] = now()
    if names:
        rows = [{"id": id_, "name": name, "named": True} for id_, name in sorted(names.items())]
        await update_many(session, Contact, rows)
    for contact_id in sorted(names):
        await record_contact_changed(session, contact_id)
    rows = [{"id": id_, "verified_at": at} for id_, at in sorted(proven.items())]
    await update_many(session, ContactPoint, rows)


async def _merge_verified(session: AsyncSession, person: Person, known: dict[Key, Found]) -> None:
    """Merge the contacts of a person whose verified identity proves that they are one."""
    target = known[person.keys[-1]].contact_id
    for key in person.keys[:-1]:
        source = known[key].contact_id
        if source == target:
            continue
        await merge(session, source, target, reason="verified_identity")
        for found in known.values():
            if found.contact_id == source:
                found.contact_id = target


async def merge(
    session: AsyncSession,
    source_id: UUID,
    target_id: UUID,
    *,
    reason: str,
    agent_id: UUID | None = None,
) -> None:
    """Move the points, conversations and messages of `source` to `target`, and store which, so it can be undone.

    `reason` is a code; `agent_id` the agent who decided it, None: the hub. Raises NotFound, and Conflict when one
    of them has been merged already.
    """
    if source_id == target_id:
        raise ContactMergedWithItself
    contacts = await _locked(session, source_id, target_id)
    if any(contact.merged_into_id for contact in contacts.values()):
        raise ContactAlreadyMerged
    points = await _move(session, ContactPoint, source_id, target_id)
    conversations = await _move(session, Conversation, source_id, target_id)
    await session.execute(
        update(Message).where(Message.conversation_id.in_(conversations)).values(contact_id=target_id)
    )
    session.add(
        ContactMerge(
            source_id=source_id,
            target_id=target_id,
            point_ids=[str(p) for p in points],
            conversation_ids=[str(c) for c in conversations],
            reason=reason,
            agent_id=agent_id,
        )
    )
    contacts[source_id].merged_into_id = target_id
    await _move_entries(session, conversations, source_id, target_id)
    if _take_name(contacts[source_id], contacts[target_id]):
        await record_contact_changed(session, target_id, agent_id=agent_id)
    event = ContactsMerged(source_id=source_id, target_id=target_id, reason=reason)
    for conversation_id in (*conversations,) or (None,):
        record(session, event, conversation_id=conversation_id, contact_id=target_id, agent_id=agent_id)
    await session.flush()


async def _locked(session: AsyncSession, *ids: UUID) -> dict[UUID, Contact]:
    rows = await session.scalars(select(Contact).where(Contact.id.in_(ids)).order_by(Contact.id).with_for_update())
    contacts = {contact.id: contact for contact in rows}
    if len(contacts) != len(set(ids)):
        raise ContactNotFound
    return contacts


async def _move(
    session: AsyncSession,
    entity: type[ContactPoint] | type[Conversation],
    source_id: UUID,
    target_id: UUID,
) -> list[UUID]:
    change: dict[str, Any] = {"contact_id": target_id}
    if entity is Conversation:
        change["version"] = Conversation.version + 1
    moved = await session.execute(
        update(entity).where(entity.contact_id == source_id).values(**change).returning(entity.id),
    )
    return list(moved.scalars())


def _take_name(source: Contact, target: Contact) -> bool:
    taken = source.named and not target.named
    if taken:
        target.name, target.named = source.name, True
    return taken


async def _move_entries(session: AsyncSession, conversations: Sequence[UUID], old_id: UUID, new_id_: UUID) -> None:
    """Move the log entries of these conversations to the timeline of another contact."""
    entries = update(Entry).where(Entry.contact_id == old_id, Entry.shown, Entry.conversation_id.in_(conversations))
    await session.execute(entries.values(contact_id=new_id_), execution_options={"synchronize_session": False})


async def record_contact_changed(session: AsyncSession, contact_id: UUID, *, agent_id: UUID | None = None) -> None:
    """Record that a contact changed, once for each of their conversations: all of them show the name."""
    found = await session.scalars(select(Conversation.id).where(Conversation.contact_id == contact_id))
    for conversation_id in (*found,) or (None,):
        event = ContactChanged(contact_id=contact_id)
        record(session, event, conversation_id=conversation_id, contact_id=contact_id, agent_id=agent_id)


async def unmerge(session: AsyncSession, source_id: UUID, *, agent_id: UUID | None = None) -> UUID:
    """Undo the last merge of `source`, and return the id of the target.

    What the merge moved moves back; what has arrived since stays with the target. Raises NotFound.
    """
    journal = await session.scalar(
        select(ContactMerge)
        .where(ContactMerge.source_id == source_id, ContactMerge.undone_at.is_(None))
        .order_by(ContactMerge.merged_at.desc())
        .limit(1)
        .with_for_update(),
    )
    if journal is None:
        raise ContactNotMerged
    contacts = await _locked(session, source_id, journal.target_id)
    contacts[source_id].merged_into_id = None
    points, conversations = ([UUID(i) for i in ids] for ids in (journal.point_ids, journal.conversation_ids))
    await session.execute(update(ContactPoint).where(ContactPoint.id.in_(points)).values(contact_id=source_id))
    await session.execute(
        update(Conversation)
        .where(Conversation.id.in_(conversations))
        .values(contact_id=source_id, version=Conversation.version + 1),
    )
    await session.execute(
        update(Message).where(Message.conversation_id.in_(conversations)).values(contact_id=source_id)
    )
    await _move_entries(session, conversations, journal.target_id, source_id)
    journal.undone_at = now()
    event = ContactsUnmerged(source_id=source_id, target_id=journal.target_id)
    for conversation_id in (*conversations,) or (None,):
        record(session, event, conversation_id=conversation_id, contact_id=source_id, agent_id=agent_id)
    await session.flush()
    return journal.target_id
