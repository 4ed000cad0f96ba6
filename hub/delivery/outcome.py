"""Settles deliveries: stores the outcome of an attempt, moves the message's status, and records an event."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Update, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.delivery.channel_health import report_failure, report_success
from hub.delivery.claims import HELD, LEASE, Claim
from hub.delivery.errors import ReportedNotSent, SendingFails
from hub.delivery.history import with_entry
from hub.delivery.models import Delivery, DeliveryState
from hub.delivery.retry import Decision, Failed, Retry, Sent, Uncertain, may_follow
from hub.errors import Reason, reason_to_json
from hub.events.definitions import MessageStatusChanged, Status
from hub.events.log import record
from hub.timeline.models import Message


async def mark_sending(session: AsyncSession, claim: Claim) -> bool:
    """Mark a delivery as being sent, before any byte reaches the provider; False if the claim was lost."""
    started = (
        update(Delivery)
        .where(claim.is_held(), Delivery.state.in_(HELD))
        .values(state=DeliveryState.SENDING, lease_until=func.now() + LEASE)
    )
    if not await _changed(session, started):
        return False
    await change_status(session, claim.delivery.message_id, Status.SENDING)
    return True


async def record_part(session: AsyncSession, claim: Claim, *, provider_id: str) -> bool:
    """Record that one of several parts was sent, so that it is not sent again; False if the claim was lost."""
    change = update(Delivery).where(claim.is_held()).values(history=with_entry("part", provider_id))
    return await _changed(session, change)


async def settle(session: AsyncSession, claim: Claim, decision: Decision) -> bool:
    """Store the outcome of an attempt; False if the claim was lost."""
    match decision:
        case Sent():
            return await _settle_sent(session, claim, decision)
        case Retry():
            return await _settle_retry(session, claim, decision)
        case Failed():
            values = _columns(DeliveryState.FAILED, decision, settled_at=func.now())
            return await _settle(session, claim, values, Status.FAILED, decision.reason)
        case Uncertain():
            lookup_at = None if decision.look_after is None else func.now() + decision.look_after
            values = _columns(DeliveryState.DOUBTFUL, decision, lease_until=lookup_at)
            return await _settle(session, claim, values, Status.DOUBTFUL, decision.reason)


async def _settle_sent(session: AsyncSession, claim: Claim, sent: Sent) -> bool:
    """Store a success, even if the lease expired and the delivery became doubtful meanwhile."""
    became_doubtful = and_(Delivery.id == claim.delivery.id, Delivery.state == DeliveryState.DOUBTFUL)
    change = (
        update(Delivery)
        .where(or_(claim.is_held(), became_doubtful))
        .values(
            state=DeliveryState.SENT,
            provider_id=sent.provider_id,
            error=None,
            reason=None,
            code=None,
            settled_at=func.now(),
            lease=None,
            lease_until=None,
            history=with_entry("sent", sent.provider_id),
        )
    )
    if not await _changed(session, change):
        return False
    if is_email_id(sent.provider_id):
        without_id = update(Message).where(Message.id == claim.delivery.message_id, Message.email_id.is_(None))
        await session.execute(without_id.values(email_id=sent.provider_id))
    await change_status(session, claim.delivery.message_id, Status.SENT)
    await report_success(session, claim.delivery.channel_id, SendingFails)
    return True


async def _settle_retry(session: AsyncSession, claim: Claim, retry: Retry) -> bool:
    attempts = Delivery.attempts if retry.counted else func.greatest(Delivery.attempts - 1, 0)
    values = _columns(DeliveryState.DUE, retry, due_at=func.now() + retry.after, attempts=attempts)
    if not await _settle(session, claim, values, None, retry.reason):
        return False
    if retry.holds_channel:
        await postpone_channel(session, claim.delivery.channel_id, retry.after)
    if retry.report:
        await report_failure(session, claim.delivery.channel_id, SendingFails, retry.reason)
    return True


async def _settle(
    session: AsyncSession,
    claim: Claim,
    values: dict[str, object],
    status: Status | None,
    reason: Reason,
) -> bool:
    step = "looked" if claim.is_lookup else str(values["state"])
    values = {"lease": None, "lease_until": None, **values, "history": with_entry(step, reason)}
    if await _changed(session, update(Delivery).where(claim.is_held()).values(**values)):
        await change_status(session, claim.delivery.message_id, status, reason)
        return True
    return False


async def change_status(
    session: AsyncSession,
    message_id: UUID,
    status: Status | None,
    reason: Reason | None = None,
    *,
    backwards: bool = False,
) -> bool:
    """Move a message's status forward and record an event; return whether anything changed.

    `status` None keeps the status and changes only its reason. With `backwards` (an agent's decision) the status may
    also move backwards. A message that was undone stays as it is. One query.
    """
    message = await session.get(Message, message_id, with_for_update=True, populate_existing=True)
    if message is None or message.removed_at is not None:
        return False
    current = Status(message.status or Status.QUEUED)
    new = status or current
    if new is not current and not (backwards or may_follow(current, new)):
        return False
    detail = reason.detail if reason else None
    if (new, detail) == (current, message.status_detail):
        return False
    message.status, message.status_detail, message.reason = new, detail, reason_to_json(reason)
    event = MessageStatusChanged(message_id=message_id, status=new, detail=detail, reason=reason)
    record(session, event, conversation_id=message.conversation_id, contact_id=message.contact_id)
    return True


async def send_again(session: AsyncSession, delivery: Delivery, *, by: UUID) -> None:
    """Make a delivery due now because an agent retries it, and count its attempts from zero."""
    settled = delivery.state is not DeliveryState.DUE
    change = update(Delivery).where(Delivery.id == delivery.id)
    values = {"state": DeliveryState.DUE, "due_at": func.now(), "attempts": 0, "lease": None, "lease_until": None}
    await _changed(session, change.values(**values, settled_at=None, history=with_entry("retried", f"by {by}")))
    if settled:
        await change_status(session, delivery.message_id, Status.QUEUED, backwards=True)


async def settle_manually(session: AsyncSession, delivery: Delivery, *, sent: bool, by: UUID) -> None:
    """Settle a doubtful delivery as sent or failed, by an agent's decision."""
    state = DeliveryState.SENT if sent else DeliveryState.FAILED
    reason = None if sent else ReportedNotSent().reason
    change = update(Delivery).where(Delivery.id == delivery.id)
    values = {"state": state, **_error_columns(reason), "code": None, "lease": None, "lease_until": None}
    history = with_entry("settled", f"{state}, by {by}")
    await _changed(session, change.values(**values, settled_at=func.now(), history=history))
    await change_status(session, delivery.message_id, Status.SENT if sent else Status.FAILED, reason, backwards=True)


async def postpone_channel(session: AsyncSession, channel_id: UUID, after: timedelta) -> None:
    """Postpone every due delivery of a channel by at least `after`."""
    until = func.now() + after
    await session.execute(
        update(Delivery)
        .where(Delivery.channel_id == channel_id, Delivery.state == DeliveryState.DUE, Delivery.due_at < until)
        .values(due_at=until),
    )


async def resume_channel(session: AsyncSession, channel_id: UUID) -> None:
    """Make a repaired channel's waiting deliveries due now, but none before its time for undoing has passed."""
    send_at = select(Message.send_at).where(Message.id == Delivery.message_id).scalar_subquery()
    await session.execute(
        update(Delivery)
        .where(Delivery.channel_id == channel_id, Delivery.state == DeliveryState.DUE)
        .values(due_at=func.greatest(func.now(), send_at)),
    )


async def fail_due(session: AsyncSession, channel_id: UUID, reason: Reason) -> None:
    """Mark the due deliveries of a removed channel as failed."""
    failed = await session.execute(
        update(Delivery)
        .where(Delivery.channel_id == channel_id, Delivery.state == DeliveryState.DUE)
        .values(
            state=DeliveryState.FAILED,
            settled_at=func.now(),
            history=with_entry("failed", reason),
            **_error_columns(reason),
        )
        .returning(Delivery.message_id),
    )
    for message_id in list(failed.scalars()):
        await change_status(session, message_id, Status.FAILED, reason)


def is_email_id(provider_id: str) -> bool:
    """Return whether a provider's id is a Message-ID (RFC 5322 §3.6.4)."""
    return provider_id.startswith("<") and provider_id.endswith(">") and "@" in provider_id


def _columns(state: DeliveryState, decision: Retry | Failed | Uncertain, **other: object) -> dict[str, object]:
    return {"state": state, **_error_columns(decision.reason), "code": decision.code, **other}


def _error_columns(reason: Reason | None) -> dict[str, object]:
    return {"error": reason.detail if reason else None, "reason": reason_to_json(reason)}


async def _changed(session: AsyncSession, change: Update) -> bool:
    """Execute an update of deliveries; return whether it changed a row."""
    done = await session.execute(
        change.returning(Delivery.id),
        execution_options={"synchronize_session": False},
    )
    return done.first() is not None
