"""Fill in the demo shop's history: everything in one transaction, so that it is there whole or not at all."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from random import Random

from sqlalchemy import ARRAY, Text, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from hub.channels.webchat.stored_message import customer_point, visitor_point
from hub.delivery.models import Delivery
from hub.demo.company import build, count
from hub.demo.names import people
from hub.demo.sample_files import ALL
from hub.demo.schemas import CUSTOMERS, DOMAIN
from hub.demo.story import begins, tell
from hub.demo.types import Client, House, Row, Rows, Scale, id_at
from hub.events.models import Entry
from hub.inbox.models import Mention, ReadMark
from hub.routing.models import Reservation, WorkItem
from hub.runtime.context import AppContext
from hub.storage.bulk import insert_many
from hub.storage.database import now
from hub.timeline import blobs
from hub.timeline.identity import shown
from hub.timeline.models import Attachment, Contact, ContactPoint, Conversation, Message

SEED = 1917
BATCH = 200
MOST_OFTEN = 6.0  # times as often as others
LANGUAGES = {"c-1002": "en"}  # of the customers whom visitors of the demo can be
MAILS, CHATS = 0.76, 0.54  # up to, and from which of all customers
TAG = text(
    "update conversation c set tags = string_to_array(v.tags, ',')"
    " from unnest(cast(:ids as uuid[]), cast(:tags as text[])) as v(id, tags) where c.id = v.id",
).bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("tags", type_=ARRAY(Text)))

Progress = Callable[[float], None]


async def fill(session: AsyncSession, context: AppContext, scale: Scale, progress: Progress) -> None:
    """Write the shop with all its history."""
    chance, at = Random(SEED), now()
    house = await build(session, context, at)
    await blobs.keep_small(session, {one.digest: one.body for one in ALL})
    starts = begins(chance, at, scale.conversations, scale.days)
    plan = _planned(chance, starts, scale.customers)
    clients = list(_clients(chance, house, plan))
    await _store_clients(session, house, clients, {who: starts[first] for who, first in _first(plan).items()})
    for begun in range(0, len(starts), BATCH):
        rows = Rows()
        for number in range(begun, min(begun + BATCH, len(starts))):
            tell(rows, house, clients[plan[number]], chance, starts[number])
        await _store(session, rows)
        progress(min(1.0, (begun + BATCH) / len(starts)))
    await count(session, house)


def _planned(chance: Random, starts: Sequence[datetime], customers: int) -> list[int]:
    """Say whose conversation each is: everybody has one, and some come back often."""
    often = [min(chance.paretovariate(1.6), MOST_OFTEN) for _ in range(customers)]
    again = chance.choices(range(customers), often, k=max(0, len(starts) - customers))
    plan = [*range(customers), *again][: len(starts)]
    chance.shuffle(plan)
    return plan


def _first(plan: Sequence[int]) -> dict[int, int]:
    """Tell which conversation of each customer is the first."""
    found: dict[int, int] = {}
    for number, who in enumerate(plan):
        found.setdefault(who, number)
    return found


def _clients(chance: Random, house: House, plan: Sequence[int]) -> Iterator[Client]:
    known = [(one.name, one.email.partition("@")[0], LANGUAGES.get(one.id, "es"), one.id) for one in CUSTOMERS]
    taken = {local for _, local, _, _ in known}
    strangers = ((name, local, code, "") for name, local, code in people(chance) if local not in taken)
    for number in range(max(plan, default=-1) + 1):
        name, local, code, user = known[number] if number < len(known) else next(strangers)
        yield _client(chance, house, name, local, code, user)


def _client(chance: Random, house: House, name: str, local: str, code: str, user: str) -> Client:
    reach = 0.6 if user else chance.random()
    mails, chats = reach < MAILS, reach > CHATS
    return Client(
        id=id_at(chance, house.now),
        name=name,
        address=f"{local}@{DOMAIN}",
        language=code,
        mail_point=id_at(chance, house.now) if mails else None,
        chat_point=id_at(chance, house.now) if chats else None,
        visitor=id_at(chance, house.now),
        user=user or (f"shop-{local}" if mails else ""),
    )


async def _store_clients(
    session: AsyncSession,
    house: House,
    clients: Sequence[Client],
    since: dict[int, datetime],
) -> None:
    contacts: list[Row] = []
    points: list[Row] = []
    for number, client in enumerate(clients):
        created_at = since.get(number, house.now)
        contacts.append(
            {
                "id": client.id,
                "name": client.name,
                "named": True,
                "language": client.language,
                "demo": True,
                "created_at": created_at,
            }
        )
        points += _points(client, created_at, house.chat_key)
    await insert_many(session, Contact, contacts)
    await insert_many(session, ContactPoint, points)


def _points(client: Client, at: datetime, chat_key: str) -> Iterator[Row]:
    common = {"contact_id": client.id, "created_at": at}
    if client.mail_point is not None:
        verified_at = at if client.chat_point else None
        yield {
            "id": client.mail_point,
            "scheme": "mailto",
            "value": client.address,
            "display": client.address,
            "verified_at": verified_at,
            **common,
        }
    if client.chat_point is not None:
        value = customer_point(chat_key, client.user) if client.user else visitor_point(client.visitor)
        yield {
            "id": client.chat_point,
            "scheme": "webchat",
            "value": value,
            "display": shown("webchat", value),
            "verified_at": at if client.user else None,
            **common,
        }


async def _store(session: AsyncSession, rows: Rows) -> None:
    await insert_many(session, Conversation, rows.conversations)
    if rows.tags:
        ids, tags = zip(*rows.tags, strict=True)
        await session.execute(TAG, {"ids": list(ids), "tags": list(tags)})
    await insert_many(session, Message, rows.messages)
    await insert_many(session, Attachment, rows.attachments)
    await insert_many(session, Delivery, rows.deliveries)
    await insert_many(session, Mention, rows.mentions)
    await insert_many(session, ReadMark, rows.marks)
    await insert_many(session, WorkItem, rows.items)
    await insert_many(session, Reservation, rows.reservations)
    await insert_many(session, Entry, sorted(rows.entries, key=lambda row: row["at"]))
