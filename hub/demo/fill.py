"""Creates the demo shop with all its history, in one transaction."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from random import Random

from sqlalchemy.ext.asyncio import AsyncSession

from hub.channels.chat_contract import customer_point, point_display, visitor_point
from hub.delivery.models import Delivery
from hub.demo.company import build, store_counters
from hub.demo.names import people
from hub.demo.sample_files import ALL
from hub.demo.schemas import CUSTOMERS, DOMAIN
from hub.demo.story import simulate, start_times
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
BATCH = 200  # conversations stored together
MAX_WEIGHT = 6.0  # a returning customer writes at most this many times as often as others
LANGUAGES = {"c-1002": "en"}  # of the customers whom a user of the demo shop can sign in as; else Spanish
MAIL_BELOW, CHAT_ABOVE = 0.76, 0.54  # of a random number per contact: who writes by mail, by chat, or by both

Progress = Callable[[float], None]


async def fill(session: AsyncSession, context: AppContext, scale: Scale, progress: Progress) -> None:
    """Create the shop, its contacts and their conversations; `progress` is called with the fraction done, 0 to 1."""
    rng, at = Random(SEED), now()
    shop = await build(session, context, at)
    await blobs.store_small(session, {sample.digest: sample.body for sample in ALL})
    starts = start_times(rng, at, scale.conversations, scale.days)
    plan = _plan_contacts(rng, starts, scale.customers)
    contacts = list(_contacts(rng, shop, plan))
    first_contacts = {contact_number: starts[number] for contact_number, number in _first_conversations(plan).items()}
    rows = [
        row
        for contact_number, contact in enumerate(contacts)
        for row in _contact_rows(contact, first_contacts.get(contact_number, at))
    ]
    for kind in (Contact, ContactPoint):
        await insert_objects(session, [row for row in rows if isinstance(row, kind)])
    for batch_start in range(0, len(starts), BATCH):
        batch = Batch()
        for number in range(batch_start, min(batch_start + BATCH, len(starts))):
            simulate(batch, shop, contacts[plan[number]], rng, starts[number])
        await _store(session, batch)
        progress(min(1.0, (batch_start + BATCH) / len(starts)))
    await store_counters(session, shop)


def _plan_contacts(rng: Random, starts: Sequence[datetime], customers: int) -> list[int]:
    """Return the contact number of each conversation: every contact has at least one, and some have many."""
    weights = [min(rng.paretovariate(1.6), MAX_WEIGHT) for _ in range(customers)]
    repeated = rng.choices(range(customers), weights, k=max(0, len(starts) - customers))
    plan = [*range(customers), *repeated][: len(starts)]
    rng.shuffle(plan)
    return plan


def _first_conversations(plan: Sequence[int]) -> dict[int, int]:
    """Return the number of each contact's first conversation, by contact number."""
    found: dict[int, int] = {}
    for number, contact_number in enumerate(plan):
        found.setdefault(contact_number, number)
    return found


def _contacts(rng: Random, shop: Shop, plan: Sequence[int]) -> Iterator[DemoContact]:
    known = [
        (customer.name, customer.email.partition("@")[0], LANGUAGES.get(customer.id, "es"), customer.id)
        for customer in CUSTOMERS
    ]
    used = {local for _, local, _, _ in known}
    others = ((name, local, code, "") for name, local, code in people(rng) if local not in used)
    for number in range(max(plan, default=-1) + 1):
        name, local, code, user = known[number] if number < len(known) else next(others)
        reach = 0.6 if user else rng.random()
        kinds = [kind for kind, reached in (("email", reach < MAIL_BELOW), ("webchat", reach > CHAT_ABOVE)) if reached]
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


def _contact_rows(contact: DemoContact, at: datetime) -> Iterator[Contact | ContactPoint]:
    yield Contact(id=contact.id, name=contact.name, named=True, language=contact.language, demo=True, created_at=at)
    for kind, (scheme, value) in contact.addresses.items():
        point = contact.points[scheme, value]
        yield ContactPoint(
            id=point.id,
            contact_id=contact.id,
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
        await insert_objects(session, [row for row in batch.objects if isinstance(row, kind)])
