"""Claims due deliveries for a process under leases, which run by the database's clock."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement, and_, bindparam, case, extract, func, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from hub.channels import registry
from hub.channels.models import Channel
from hub.delivery.models import Delivery, DeliveryState
from hub.storage.database import new_id

LEASE = timedelta(seconds=45)  # how long a claim holds unless it is renewed
CANDIDATES = 64  # due deliveries considered per claim
HELD = (DeliveryState.CLAIMED, DeliveryState.SENDING)
UNSETTLED = (DeliveryState.DUE, *HELD)


_earlier = aliased(Delivery)
_earlier_unsettled = (
    select(_earlier.id)
    .where(
        _earlier.conversation_id == Delivery.conversation_id,
        _earlier.channel_id == Delivery.channel_id,
        _earlier.state.in_(UNSETTLED),
        tuple_(_earlier.created_at, _earlier.id) < tuple_(Delivery.created_at, Delivery.id),
    )
    .exists()
)
DUE = (
    select(Delivery.id, Delivery.channel_id, Channel.kind)
    .join(Channel, and_(Channel.id == Delivery.channel_id, Channel.paused_at.is_(None)))
    .where(
        Delivery.state == DeliveryState.DUE,
        Delivery.due_at <= func.now(),
        Delivery.channel_id.not_in(bindparam("full", expanding=True)),
        ~_earlier_unsettled,
    )
    .order_by(Delivery.due_at, Delivery.id)
    .limit(CANDIDATES)
)
NEXT_DUE = select(extract("epoch", func.min(Delivery.due_at) - func.clock_timestamp())).where(
    Delivery.state == DeliveryState.DUE, Delivery.due_at > func.now()
)


class Candidate(Struct, frozen=True):
    """A delivery that could be sent now; `max_parallel` is how many deliveries its channel may send at once."""

    id: UUID
    channel_id: UUID
    max_parallel: int


class Claim(Struct, frozen=True, kw_only=True):
    """The right to work on a delivery, valid while the delivery has this lease."""

    delivery: Delivery
    lease: UUID
    is_lookup: bool = False  # only look up whether a doubtful delivery was sent
    max_parallel: int = 1  # how many deliveries its channel may send at once
    orphaned: bool = False  # the process that was sending it died

    def is_held(self) -> ColumnElement[bool]:
        """Return a clause that matches the delivery's row while the claim is valid."""
        return and_(Delivery.id == self.delivery.id, Delivery.lease == self.lease)


async def claim(session: AsyncSession, *, free: int, busy: Mapping[UUID, int], full: Collection[UUID]) -> list[Claim]:
    """Claim at most `free` due deliveries, none of `full` channels, and no more per channel than it sends at once.

    `busy` counts the deliveries being sent, by channel id. A message waits for the earlier ones of its conversation
    on the same channel. Two queries, one if nothing is due.
    """
    found = await session.execute(DUE, {"full": list(full)})
    candidates = [Candidate(row.id, row.channel_id, registry.capabilities(row.kind).lines) for row in found]
    chosen = choose(candidates, free=free, busy=busy)
    return await _claim(session, chosen) if chosen else []


def choose(candidates: Iterable[Candidate], *, free: int, busy: Mapping[UUID, int]) -> list[Candidate]:
    """Choose at most `free` candidates in their order, so that no channel sends more at once than it may."""
    sending = Counter(busy)
    chosen: list[Candidate] = []
    for candidate in candidates:
        if len(chosen) < free and sending[candidate.channel_id] < candidate.max_parallel:
            sending[candidate.channel_id] += 1
            chosen.append(candidate)
    return chosen


async def _claim(session: AsyncSession, chosen: Sequence[Candidate]) -> list[Claim]:
    """Claim these deliveries without waiting for the disk: if the database crashes, they are claimed again.

    None of them can have been sent by then: `mark_sending` is committed to disk first, and with it the claim.
    """
    await session.execute(text("set local synchronous_commit to off"))
    lease = new_id()
    limits = {candidate.id: candidate.max_parallel for candidate in chosen}
    due = select(Delivery.id).where(Delivery.id.in_(limits), Delivery.state == DeliveryState.DUE)
    free = due.with_for_update(skip_locked=True)
    claimed = await session.execute(
        update(Delivery)
        .where(Delivery.id.in_(free))
        .values(
            state=DeliveryState.CLAIMED, attempts=Delivery.attempts + 1, lease=lease, lease_until=func.now() + LEASE
        )
        .returning(Delivery),
        execution_options={"synchronize_session": False},
    )
    return [Claim(delivery=delivery, lease=lease, max_parallel=limits[delivery.id]) for delivery in claimed.scalars()]


async def claim_lookups(session: AsyncSession, *, free: int) -> list[Claim]:
    """Claim at most `free` doubtful deliveries whose next lookup is due. One query."""
    lease = new_id()
    due = (
        select(Delivery.id)
        .where(Delivery.state == DeliveryState.DOUBTFUL, Delivery.lease_until <= func.now())
        .limit(free)
        .with_for_update(skip_locked=True)
    )
    claimed = await session.execute(
        update(Delivery)
        .where(Delivery.id.in_(due))
        .values(lease=lease, lease_until=func.now() + LEASE)
        .returning(Delivery),
        execution_options={"synchronize_session": False},
    )
    return [Claim(delivery=delivery, lease=lease, is_lookup=True) for delivery in claimed.scalars()]


async def claim_expired(session: AsyncSession, *, free: int) -> list[Claim]:
    """Claim deliveries that a dead process was sending; make those it had only claimed due again. One query."""
    expired = and_(Delivery.state.in_(HELD), Delivery.lease_until < func.now())
    expired_ids = select(Delivery.id).where(expired).limit(free).with_for_update(skip_locked=True)
    lease = new_id()
    claimed = await session.execute(
        update(Delivery)
        .where(Delivery.id.in_(expired_ids))
        .values(
            state=case((Delivery.state == DeliveryState.CLAIMED, DeliveryState.DUE), else_=DeliveryState.SENDING),
            attempts=case((Delivery.state == DeliveryState.CLAIMED, Delivery.attempts - 1), else_=Delivery.attempts),
            lease=case((Delivery.state == DeliveryState.CLAIMED, None), else_=lease),
            lease_until=case((Delivery.state == DeliveryState.CLAIMED, None), else_=func.now() + LEASE),
        )
        .returning(Delivery),
        execution_options={"synchronize_session": False},
    )
    sending = [delivery for delivery in claimed.scalars() if delivery.state is DeliveryState.SENDING]
    return [Claim(delivery=delivery, lease=lease, orphaned=True) for delivery in sending]


async def next_due_in(session: AsyncSession) -> float | None:
    """Return in how many seconds the next delivery will be due, or None if there is none. One query."""
    found = (await session.execute(NEXT_DUE)).scalar_one_or_none()
    return None if found is None else float(found)


async def renew(session: AsyncSession, leases: Iterable[UUID]) -> None:
    """Extend these leases, if their deliveries are still claimed or being sent. One query."""
    await session.execute(
        update(Delivery)
        .where(Delivery.lease.in_(list(leases)), Delivery.state.in_(HELD))
        .values(lease_until=func.now() + LEASE),
    )


async def release(session: AsyncSession, claimed: Claim, *, after: timedelta) -> None:
    """Make a claimed delivery due again in `after`, without counting an attempt. One query."""
    await session.execute(
        update(Delivery)
        .where(claimed.is_held(), Delivery.state == DeliveryState.CLAIMED)
        .values(
            state=DeliveryState.DUE,
            due_at=func.now() + after,
            attempts=Delivery.attempts - 1,
            lease=None,
            lease_until=None,
        ),
    )
