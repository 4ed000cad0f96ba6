"""Store the demo shop with all its history, in one transaction."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from random import Random

from sqlalchemy.ext.asyncio import AsyncSession

from hub.channels.chat_contract import customer_point, point_display, visitor_point
from hub.delivery.models import Delivery
from hub.demo.company import build, count
from hub.demo.names import people
from hub.demo.sample_files import ALL
from hub.demo.schemas import CUSTOMERS, DOMAIN
from hub.demo.story import begins, simulate
from hub.demo.types import Batch, DemoContact, Scale, Shop
from hub.inbox.models import Mention, ReadMark
from hub.intake import persist
from hub.routing.models import Reservation, WorkItem
from hub.runtime.context import AppContext
from hub.storage.bulk import insert_objects
from hub.storage.database import new_id, now
from hub.timeline import blobs
from hub.timeline.contacts import StoredPoint, key_of
from hub.timeline.models import Attachment, Contact, ContactPoint, Message

SEED = 1917
BATCH = 200
MOST_OFTEN = 6.0  # times as often as others
LANGUAGES = {"c-1002": "en"}  # of the customers whom a user of the demo shop can sign in as; else Spanish
MAILS, CHATS = 0.76, 0.54  # contacts below the one are reached by mail, above the other by chat

Progress = Callable[[float], None]


async def fill(session: AsyncSession, context: AppContext, scale: Scale, progress: Progress) -> None:
    """Create the shop, its contacts and their conversations; `progress` is called with the part that is done."""
    chance, at = Random(SEED), now()
    shop = await build(session, context, at)
    await blobs.store_small(session, {one.digest: one.body for one in ALL})
    starts = begins(chance, at, scale.conversations, scale.days)
    plan = _planned(chance, starts, scale.customers)
    contacts = list(_contacts(chance, shop, plan))
    firsts = {who: starts[number] for who, number in _first(plan).items()}
    rows = [row for who, one in enumerate(contacts) for row in _contact_rows(one, firsts.get(who, at))]
    for kind in (Contact, ContactPoint):
        await insert_objects(session, [row for row in rows if isinstance(row, kind)])
    for begun in range(0, len(starts), BATCH):
        batch = Batch()
        for number in range(begun, min(begun + BATCH, len(starts))):
            simulate(batch, shop, contacts[plan[number]], chance, starts[number])
        await _store(session, batch)
        progress(min(1.0, (begun + BATCH) / len(starts)))
    await count(session, shop)


def _planned(chance: Random, starts: Sequence[datetime], customers: int) -> list[int]:
    """Return which contact each conversation belongs to: each contact has one, and some come back often."""
    often = [min(chance.paretovariate(1.6), MOST_OFTEN) for _ in range(customers)]
    again = chance.choices(range(customers), often, k=max(0, len(starts) - customers))
    plan = [*range(customers), *again][: len(starts)]
    chance.shuffle(plan)
    return plan


def _first(plan: Sequence[int]) -> dict[int, int]:
    """Return the first conversation of each contact."""
    found: dict[int, int] = {}
    for number, who in enumerate(plan):
        found.setdefault(who, number)
    return found


def _contacts(chance: Random, shop: Shop, plan: Sequence[int]) -> Iterator[DemoContact]:
    known = [(one.name, one.email.partition("@")[0], LANGUAGES.get(one.id, "es"), one.id) for one in CUSTOMERS]
    taken = {local for _, local, _, _ in known}
    strangers = ((name, local, code, "") for name, local, code in people(chance) if local not in taken)
    for number in range(max(plan, default=-1) + 1):
        name, local, code, user = known[number] if number < len(known) else next(strangers)
        reach = 0.6 if user else chance.random()
        kinds = [kind for kind, reached in (("email", reach < MAILS), ("webchat", reach > CHATS)) if reached]
        user = user or (f"shop-{local}" if "email" in kinds else "")
        yield _contact(shop, name, f"{local}@{DOMAIN}", code, user, kinds)


def _contact(shop: Shop, name: str, address: str, code: str, user: str, kinds: Sequence[str]) -> DemoContact:
    """Return a contact; `user` is the shop's own id of a customer who signs in there, or ""."""
    contact_id, visitor = new_id(), new_id()
    chat = customer_point(shop.chat_key, user) if user else visitor_point(visitor)
    every = {"email": key_of("mailto", address), "webchat": key_of("webchat", chat)}
    verified = {"email": "webchat" in kinds, "webchat": bool(user)}
    points = {
        every[kind]: StoredPoint(id=new_id(), contact_id=contact_id, verified=verified[kind], named=True)
        for kind in kinds
    }
    addresses = {kind: every[kind] for kind in kinds}
    return DemoContact(id=contact_id, name=name, language=code, visitor=visitor, addresses=addresses, points=points)


def _contact_rows(one: DemoContact, at: datetime) -> Iterator[Contact | ContactPoint]:
    yield Contact(id=one.id, name=one.name, named=True, language=one.language, demo=True, created_at=at)
    for kind, (scheme, value) in one.addresses.items():
        point = one.points[scheme, value]
        yield ContactPoint(
            id=point.id,
            contact_id=one.id,
            scheme=scheme,
            value=value,
            display=point_display(value) if kind == "webchat" else value,
            verified_at=at if point.verified else None,
            created_at=at,
        )


async def _store(session: AsyncSession, batch: Batch) -> None:
    batch.planned.entries.sort(key=lambda row: row["at"])
    await persist.store(session, batch.planned)
    for kind in (Message, Attachment, Delivery, Mention, ReadMark, WorkItem, Reservation):
        await insert_objects(session, [one for one in batch.objects if isinstance(one, kind)])
