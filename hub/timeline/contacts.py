"""Find or create the contacts of addresses, and merge contacts that are proven to be one person."""

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

PointKey = tuple[str, str]  # scheme, normalised value

FIND_POINTS = text(
    "select p.id, p.contact_id, p.scheme, p.value, p.verified_at, c.named from contact_point p"
    " join unnest(cast(:schemes as text[]), cast(:values as text[])) as w(scheme, value)"
    " on p.scheme = w.scheme and p.value = w.value join contact c on c.id = p.contact_id",
).bindparams(bindparam("schemes", type_=ARRAY(Text)), bindparam("values", type_=ARRAY(Text)))


class Person(Struct, kw_only=True):
    """The addresses that a message shows to belong to one person, the sender's own first."""

    keys: tuple[PointKey, ...]
    displays: tuple[str, ...]  # the addresses as agents see them, one for each key
    verified: tuple[bool, ...]
    name: str | None = None
    demo: bool = False


class StoredPoint(Struct, kw_only=True):
    """A stored contact point."""

    id: UUID
    contact_id: UUID
    verified: bool
    named: bool


def key_of(scheme: str, value: str) -> PointKey:
    """Return the unique key of an address."""
    return scheme, normalise(scheme, value)


async def find(session: AsyncSession, keys: Iterable[PointKey]) -> dict[PointKey, StoredPoint]:
    """Return the stored contact points of these addresses. One query."""
    unique_keys = sorted(set(keys))
    if not unique_keys:
        return {}
    rows = await session.execute(
        FIND_POINTS, {"schemes": [key[0] for key in unique_keys], "values": [key[1] for key in unique_keys]}
    )
    return {
        (row.scheme, row.value): StoredPoint(
            id=row.id,
            contact_id=row.contact_id,
            verified=row.verified_at is not None,
            named=row.named,
        )
        for row in rows
    }


async def find_or_create_points(session: AsyncSession, people: Sequence[Person]) -> dict[PointKey, StoredPoint]:
    """Find or create the contact points and contacts of many people, and merge contacts proven to be one person.

    Two queries when all are stored, four to six when some are new; a merge costs more and is rare.
    """
    keys = [key for person in people for key in person.keys]
    points = await find(session, keys)
    if any(key not in points for key in keys):
        await _create(session, people, points)
        points |= await find(session, (key for key in keys if key not in points))
    await _update(session, people, points)
    for person in people:
        await _merge_verified(session, person, points)
    return points


async def _create(session: AsyncSession, people: Sequence[Person], known: Mapping[PointKey, StoredPoint]) -> None:
    """Insert missing contacts and points; where another process inserts a point first, its contact is used."""
    contacts: dict[UUID, dict[str, Any]] = {}
    points: dict[PointKey, dict[str, Any]] = {}
    for person in people:
        contact_id = next((known[key].contact_id for key in person.keys if key in known), None)
        contact_id = contact_id or next((points[key]["contact_id"] for key in person.keys if key in points), None)
        if contact_id is None:
            contact = _new_contact(person)
            contacts[contact["id"]] = contact
            contact_id = contact["id"]
        for key, display in zip(person.keys, person.displays, strict=True):
            if key not in known:
                points.setdefault(key, _new_point(contact_id, key, display))
    await insert_many(session, Contact, list(contacts.values()))
    rows = [points[key] for key in sorted(points)]
    inserted = await insert_many(
        session, ContactPoint, rows, tail="on conflict (scheme, value) do nothing returning contact_id"
    )
    orphans = set(contacts) - {row.contact_id for row in inserted}
    if orphans:
        await session.execute(text("delete from contact where id = any(:ids)"), {"ids": list(orphans)})


def _new_contact(person: Person) -> dict[str, Any]:
    name = person.name or person.displays[0]
    return {"id": new_id(), "name": name[:200], "named": bool(person.name), "demo": person.demo, "created_at": now()}


def _new_point(contact_id: UUID, key: PointKey, display: str) -> dict[str, Any]:
    return {
        "id": new_id(),
        "contact_id": contact_id,
        "scheme": key[0],
        "value": key[1],
        "display": display,
        "created_at": now(),
    }


async def _update(session: AsyncSession, people: Sequence[Person], known: dict[PointKey, StoredPoint]) -> None:
    """Store names that were missing, and mark addresses that are now verified."""
    names: dict[UUID, str] = {}
    verified_at: dict[UUID, datetime] = {}
    for person in people:
        point = known[person.keys[0]]
        if person.name and not point.named:
            names.setdefault(point.contact_id, person.name[:200])
        for key, verified in zip(person.keys, person.verified, strict=True):
            if verified and not known[key].verified:
                verified_at[known[key].id] = now()
    if names:
        rows = [{"id": id_, "name": name, "named": True} for id_, name in sorted(names.items())]
        await update_many(session, Contact, rows)
    for contact_id in sorted(names):
        await record_contact_changed(session, contact_id)
    rows = [{"id": id_, "verified_at": at} for id_, at in sorted(verified_at.items())]
    await update_many(session, ContactPoint, rows)


async def _merge_verified(session: AsyncSession, person: Person, known: dict[PointKey, StoredPoint]) -> None:
    """Merge the contacts of a person, when a verified identity proves that its addresses belong together."""
    target = known[person.keys[-1]].contact_id
    for key in person.keys[:-1]:
        source = known[key].contact_id
        if source == target:
            continue
        await merge(session, source, target, reason="verified_identity")
        for point in known.values():
            if point.contact_id == source:
                point.contact_id = target
