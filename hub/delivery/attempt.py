"""One attempt to send one message: nothing is asked of a provider inside a transaction."""

import asyncio
import random
from collections.abc import Awaitable, Sequence
from datetime import timedelta

import msgspec
import structlog

from hub.channels import registry
from hub.channels.accounts import Connections
from hub.channels.contract import Adapter, Capabilities, OutboundMessage, SendError
from hub.delivery.claims import Claim, put_back
from hub.delivery.errors import FirstPartSent, HubStoppedWhileSending, ProviderSilent, SendingBrokeOff
from hub.delivery.history import looks, parts_gone, trying_since
from hub.delivery.models import Delivery
from hub.delivery.outbound import OutboundContext, gather, pack
from hub.delivery.outcome import begin, part_gone
from hub.delivery.retry import Decision, Retry, Sent, Uncertain, decide, look_again
from hub.errors import Reason
from hub.runtime.context import AppContext
from hub.storage.database import now

SEND_LIMIT = timedelta(minutes=15)  # a mail server alone may take ten to answer (RFC 5321 §4.5.3.2.6)
LOOK_LIMIT = timedelta(seconds=30)

log = structlog.get_logger("hub.delivery")


async def attempt(context: AppContext, held: Claim) -> Decision | None:
    """Send it, or find out what became of it; None when it is not ours to settle."""
    async with context.transaction() as session:
        parcel = await gather(session, context.files, held.delivery)
    capabilities = registry.capabilities(parcel.channel.kind)
    try:
        if held.looking:
            return await _look(context, held, parcel, capabilities)
        if held.orphaned:
            raise HubStoppedWhileSending
        return await _send(context, held, parcel, capabilities)
    except SendError as error:
        return decide(
            error,
            attempts=held.delivery.attempts,
            age=now() - trying_since(held.delivery, parcel.message.send_at),
            resend=capabilities.resend,
            chance=random.random(),
        )


async def _send(context: AppContext, held: Claim, parcel: OutboundContext, capabilities: Capabilities) -> Sent | None:
    messages = pack(parcel, capabilities)
    async with context.one(Connections).use(parcel.channel) as adapter:
        wait = await _pace(context, parcel, capabilities)
        if wait:
            async with context.transaction() as session:
                await put_back(session, held, after=wait)
            return None
        async with context.transaction() as session:
            started = await begin(session, held)
        return await _send_parts(context, held, adapter, messages) if started else None


async def _send_parts(
    context: AppContext,
    held: Claim,
    adapter: Adapter,
    messages: Sequence[OutboundMessage],
) -> Sent | None:
    *first, last = messages[len(parts_gone(held.delivery)) :]
    for message in first:
        provider_id = await _guarded(adapter.send(message))
        async with context.transaction() as session:
            if not await part_gone(session, held, provider_id=provider_id):
                return None
    return Sent(provider_id=await _guarded(adapter.send(last)))


async def _pace(context: AppContext, parcel: OutboundContext, capabilities: Capabilities) -> timedelta:
    if capabilities.pace is None:
        return timedelta()
    burst = max(1, round(capabilities.pace))
    return await context.signals.pace(f"send:{parcel.channel.id}", capabilities.pace, burst)


async def _guarded(sending: Awaitable[str]) -> str:
    """Let nothing but a `SendError` out: whatever else happens, nobody knows what has gone."""
    try:
        async with asyncio.timeout(SEND_LIMIT.total_seconds()):
            return await sending
    except SendError:
        raise
    except TimeoutError as error:
        raise ProviderSilent from error
    except Exception as error:
        log.exception("adapter.broke")
        f"Sending broke off ({type(error).__name__}); nobody knows whether it went out."
        raise SendingBrokeOff(problem=type(error).__name__) from error


async def _look(context: AppContext, held: Claim, parcel: OutboundContext, capabilities: Capabilities) -> Decision:
    messages = pack(parcel, capabilities)
    number = len(parts_gone(held.delivery))
    found = await _found(context, parcel, messages[number])
    if found is None:
        after = look_again(looks(held.delivery) + 1)
        return Uncertain(reason=_known_reason(held.delivery), code=held.delivery.code, look_after=after)
    if number == len(messages) - 1:
        return Sent(provider_id=found)
    async with context.transaction() as session:
        await part_gone(session, held, provider_id=found)
    return Retry(after=timedelta(), reason=FirstPartSent().reason, counted=False)


async def _found(context: AppContext, parcel: OutboundContext, message: OutboundMessage) -> str | None:
    try:
        async with context.one(Connections).use(parcel.channel) as adapter, asyncio.timeout(LOOK_LIMIT.total_seconds()):
            return await adapter.find_sent(message)
    except (SendError, TimeoutError):
        return None
    except Exception:
        log.exception("adapter.broke")
        return None


def _known_reason(delivery: Delivery) -> Reason:
    """Return why a delivery is doubtful, as it was stored."""
    stored = delivery.reason
    return HubStoppedWhileSending().reason if stored is None else msgspec.convert(stored, Reason)
