"""Applies providers' receipts to deliveries, found by the provider's id; a status moves only forward."""

from collections.abc import Sequence
from uuid import UUID

import structlog
from prometheus_client import Counter
from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.channels.contract import DeliveryReceipt
from hub.delivery.errors import ReportedByProvider
from hub.delivery.history import with_entry
from hub.delivery.models import Delivery, DeliveryState
from hub.delivery.outcome import change_status
from hub.errors import reason_to_json
from hub.events.definitions import Direction, Status
from hub.timeline.models import Message

UNKNOWN = Counter("hub_receipts_unknown_total", "Receipts for messages that are not ours.")

log = structlog.get_logger("hub.receipts")


async def apply_receipts(session: AsyncSession, channel_id: UUID, receipts: Sequence[DeliveryReceipt]) -> int:
    """Apply receipts and return how many changed something; unknown ids are counted and ignored."""
    changed = 0
    for receipt in receipts:
        delivery = await _find_delivery(session, channel_id, receipt.external_id)
        if delivery is None:
            UNKNOWN.inc()
            log.info("receipt.unknown", channel_id=str(channel_id), status=receipt.status)
        else:
            changed += await _apply(session, delivery, receipt)
    return changed


async def _find_delivery(session: AsyncSession, channel_id: UUID, external_id: str) -> Delivery | None:
    """Return the delivery with this provider's id or Message-ID, or None. One query."""
    by_id = Delivery.provider_id == external_id
    mailed = select(Message.id).where(Message.email_id == external_id, Message.direction == Direction.OUTBOUND)
    found = select(Delivery).where(
        Delivery.channel_id == channel_id,
        or_(by_id, Delivery.message_id.in_(mailed)),
    )
    return (await session.execute(found.limit(1))).scalars().first()


async def _apply(session: AsyncSession, delivery: Delivery, receipt: DeliveryReceipt) -> bool:
    """Change the message's status and settle its delivery; False if the status may not follow the present one."""
    status = Status(receipt.status)
    failed = status is Status.FAILED and receipt.detail
    reason = ReportedByProvider(said=receipt.detail or "").reason if failed else None
    if not await change_status(session, delivery.message_id, status, reason):
        return False
    state = DeliveryState.FAILED if status is Status.FAILED else DeliveryState.SENT
    history = with_entry(status.value, reason or receipt.detail or receipt.recipient or "")
    change = (
        update(Delivery)
        .where(Delivery.id == delivery.id)
        .values(
            state=state,
            error=reason.detail if reason else None,
            reason=reason_to_json(reason),
            settled_at=func.coalesce(Delivery.settled_at, func.now()),
            lease=None,
            lease_until=None,
            history=history,
        )
    )
    await session.execute(change, execution_options={"synchronize_session": False})
    return True
