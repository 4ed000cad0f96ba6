"""Find or create the contact of an address; merge two contacts that are one person, and undo a merge."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ARRAY, Text, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from hub.storage.bulk import insert_many, update_many
from hub.storage.database import new_id, now
from hub.timeline.identity import normalise
from hub.timeline.merging import merge, record_contact_changed
from hub.timeline.models import Contact, ContactPoint

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


async def find_or_create_points(session: AsyncSession, people: Sequence[Person]) -> dict[Key, Found]:
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
