"""The out-tray's claims: what is due, who works on it and until when; leases run by the database's clock."""

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

LEASE = timedelta(seconds=45)
CANDIDATES = 64
HELD = (DeliveryState.CLAIMED, DeliveryState.SENDING)
UNSETTLED = (DeliveryState.DUE, *HELD)


_earlier = aliased(Delivery)
_waits = (
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
        ~_waits,
    )
    .order_by(Delivery.due_at, Delivery.id)
    .limit(CANDIDATES)
)
NEXT_DUE = select(extract("epoch", func.min(Delivery.due_at) - func.clock_timestamp())).where(
    Delivery.state == DeliveryState.DUE, Delivery.due_at > func.now()
)


class Candidate(Struct, frozen=True):
    """A delivery that could be sent now, and how many its channel sends at once."""

    id: UUID
    channel_id: UUID
    lines: int


class Claim(Struct, frozen=True, kw_only=True):
    """The right to work on a delivery, as long as its lease is this one."""

    delivery: Delivery
    lease: UUID
    looking: bool = False  # only find out what became of it
    lines: int = 1  # so many may be under way on its channel
    orphaned: bool = False  # whoever was sending it is gone

    def ours(self) -> ColumnElement[bool]:
        """Match the delivery's row as long as the claim holds."""
        return and_(Delivery.id == self.delivery.id, Delivery.lease == self.lease)


async def claim(session: AsyncSession, *, free: int, busy: Mapping[UUID, int], full: Collection[UUID]) -> list[Claim]:
    """Claim what is due: at most `free`, none on `full` channels, on others no more than their lines allow.

    `busy` counts what is under way on each channel. A later message of a conversation waits for the
    earlier ones on the same channel.
    """
    found = await session.execute(DUE, {"full": list(full)})
    candidates = [Candidate(row.id, row.channel_id, registry.capabilities(row.kind).lines) for row in found]
    chosen = choose(candidates, free=free, busy=busy)
    return await _locked(session, chosen) if chosen else []


def choose(candidates: Iterable[Candidate], *, free: int, busy: Mapping[UUID, int]) -> list[Candidate]:
    """Choose deliveries in their order, so that no channel has more under way than its lines."""
    taken = Counter(busy)
    chosen: list[Candidate] = []
    for one in candidates:
        if len(chosen) < free and taken[one.channel_id] < one.lines:
            taken[one.channel_id] += 1
            chosen.append(one)
    return chosen


async def _locked(session: AsyncSession, chosen: Sequence[Candidate]) -> list[Claim]:
    """Claim these, without waiting for the disk: a claim that a crash of the database forgets is made again.

    Whoever held it cannot begin to send then; and once that is written, so is the claim.
    """
    await session.execute(text("set local synchronous_commit to off"))
    lease = new_id()
    lines = {one.id: one.lines for one in chosen}
    free = (
        select(Delivery.id)
        .where(Delivery.id.in_(lines), Delivery.state == DeliveryState.DUE)
        .with_for_update(skip_locked=True)
    )
    claimed = await session.execute(
        update(Delivery)
        .where(Delivery.id.in_(free))
        .values(
            state=DeliveryState.CLAIMED,
            attempts=Delivery.attempts + 1,
            lease=lease,
            lease_until=func.now() + LEASE,
        )
        .returning(Delivery),
        execution_options={"synchronize_session": False},
    )
    return [Claim(delivery=one, lease=lease, lines=lines[one.id]) for one in claimed.scalars()]


async def claim_looks(session: AsyncSession, *, free: int) -> list[Claim]:
    """Claim doubtful deliveries that are to be looked for once more."""
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
    return [Claim(delivery=delivery, lease=lease, looking=True) for delivery in claimed.scalars()]


async def claim_expired(session: AsyncSession, *, free: int) -> list[Claim]:
    """Take over what a dead process was sending; what it had only claimed is simply due again."""
    expired = and_(Delivery.state.in_(HELD), Delivery.lease_until < func.now())
    lost = select(Delivery.id).where(expired).limit(free).with_for_update(skip_locked=True)
    lease = new_id()
    taken = await session.execute(
        update(Delivery)
        .where(Delivery.id.in_(lost))
        .values(
            state=case((Delivery.state == DeliveryState.CLAIMED, DeliveryState.DUE), else_=DeliveryState.SENDING),
            attempts=case((Delivery.state == DeliveryState.CLAIMED, Delivery.attempts - 1), else_=Delivery.attempts),
            lease=case((Delivery.state == DeliveryState.CLAIMED, None), else_=lease),
            lease_until=case((Delivery.state == DeliveryState.CLAIMED, None), else_=func.now() + LEASE),
        )
        .returning(Delivery),
        execution_options={"synchronize_session": False},
    )
    sending = [delivery for delivery in taken.scalars() if delivery.state is DeliveryState.SENDING]
    return [Claim(delivery=delivery, lease=lease, orphaned=True) for delivery in sending]


async def next_due_in(session: AsyncSession) -> float | None:
    """Tell in how many seconds the next delivery is due; None when none is."""
    found = (await session.execute(NEXT_DUE)).scalar_one_or_none()
    return None if found is None else float(found)


async def renew(session: AsyncSession, leases: Iterable[UUID]) -> None:
    """Keep the leases of what is still on its way."""
    await session.execute(
        update(Delivery)
        .where(Delivery.lease.in_(list(leases)), Delivery.state.in_(HELD))
        .values(lease_until=func.now() + LEASE),
    )


async def put_back(session: AsyncSession, held: Claim, *, after: timedelta) -> None:
    """Give back what was claimed and not begun."""
    await session.execute(
        update(Delivery)
        .where(held.ours(), Delivery.state == DeliveryState.CLAIMED)
        .values(
            state=DeliveryState.DUE,
            due_at=func.now() + after,
            attempts=Delivery.attempts - 1,
            lease=None,
            lease_until=None,
        ),
    )
