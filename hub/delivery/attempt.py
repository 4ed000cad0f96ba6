"""Makes one attempt to send a message, or to look up a doubtful one; never calls a provider in a transaction."""

import asyncio
import random
from collections.abc import Awaitable, Sequence
from datetime import timedelta

import msgspec
import structlog

from hub.channels import registry
from hub.channels.accounts import Connections
from hub.channels.contract import Adapter, Capabilities, OutboundMessage
from hub.channels.send_errors import SendError
from hub.delivery.claims import Claim, release
from hub.delivery.errors import FirstPartSent, HubStoppedWhileSending, ProviderSilent, SendingBrokeOff
from hub.delivery.history import count_lookups, first_tried_at, sent_parts
from hub.delivery.models import Delivery
from hub.delivery.outbound import OutboundContext, gather, pack
from hub.delivery.outcome import mark_sending, record_part
from hub.delivery.retry import Decision, Retry, Sent, Uncertain, decide, next_lookup
from hub.errors import Reason
from hub.runtime.context import AppContext
from hub.storage.database import now

SEND_LIMIT = timedelta(minutes=15)  # a mail server may take ten to respond (RFC 5321 §4.5.3.2.6)
LOOKUP_LIMIT = timedelta(seconds=30)

log = structlog.get_logger("hub.delivery")


async def attempt(context: AppContext, connections: Connections, claim: Claim) -> Decision | None:
    """Send a claimed message, or look up whether it was sent; return the outcome to settle.

    None: nothing to settle, because the claim was lost or the channel's rate limit postpones the message.
    """
    async with context.transaction() as session:
        outbound = await gather(session, context.files, claim.delivery)
    capabilities = registry.capabilities(outbound.channel.kind)
    try:
        if claim.is_lookup:
            return await _look_up(context, connections, claim, outbound, capabilities)
        if claim.orphaned:
            raise HubStoppedWhileSending
        return await _send(context, connections, claim, outbound, capabilities)
    except SendError as error:
        return decide(
            error,
            attempts=claim.delivery.attempts,
            age=now() - first_tried_at(claim.delivery, outbound.message.send_at),
            resend=capabilities.resend,
            chance=random.random(),
        )


async def _send(
    context: AppContext,
    connections: Connections,
    claim: Claim,
    outbound: OutboundContext,
    capabilities: Capabilities,
) -> Sent | None:
    """Send a message in its parts; None if the channel's rate limit postpones it, or the claim was lost."""
    messages = pack(outbound, capabilities)
    async with connections.use(outbound.channel) as adapter:
        wait = await _pace(context, outbound, capabilities)
        if wait:
            async with context.transaction() as session:
                await release(session, claim, after=wait)
            return None
        async with context.transaction() as session:
            started = await mark_sending(session, claim)
        return await _send_parts(context, claim, adapter, messages) if started else None


async def _send_parts(
    context: AppContext,
    claim: Claim,
    adapter: Adapter,
    messages: Sequence[OutboundMessage],
) -> Sent | None:
    """Send the parts that are not sent yet, and record each; None if the claim was lost."""
    *earlier, last = messages[len(sent_parts(claim.delivery)) :]
    for message in earlier:
        provider_id = await _guarded(adapter.send(message))
        async with context.transaction() as session:
            if not await record_part(session, claim, provider_id=provider_id):
                return None
    return Sent(provider_id=await _guarded(adapter.send(last)))


async def _pace(context: AppContext, outbound: OutboundContext, capabilities: Capabilities) -> timedelta:
    """Return how long to wait before the channel may send again; zero: not at all."""
    if capabilities.pace is None:
        return timedelta()
    burst = max(1, round(capabilities.pace))
    return await context.signals.throttle(f"send:{outbound.channel.id}", capabilities.pace, burst)


async def _guarded(sending: Awaitable[str]) -> str:
    """Return the provider's id; raise only SendError, and Doubtful for every other error: it may have been sent."""
    try:
        async with asyncio.timeout(SEND_LIMIT.total_seconds()):
            return await sending
    except SendError:
        raise
    except TimeoutError as error:
        raise ProviderSilent from error
    except Exception as error:
        log.exception("adapter.broke")
        raise SendingBrokeOff(problem=type(error).__name__) from error


async def _look_up(
    context: AppContext,
    connections: Connections,
    claim: Claim,
    outbound: OutboundContext,
    capabilities: Capabilities,
) -> Decision:
    """Look up whether the next unsent part was sent after all, and decide accordingly."""
    messages = pack(outbound, capabilities)
    number = len(sent_parts(claim.delivery))
    found = await _find_sent(connections, outbound, messages[number])
    if found is None:
        after = next_lookup(count_lookups(claim.delivery) + 1)
        return Uncertain(reason=_known_reason(claim.delivery), code=claim.delivery.code, look_after=after)
    if number == len(messages) - 1:
        return Sent(provider_id=found)
    async with context.transaction() as session:
        await record_part(session, claim, provider_id=found)
    return Retry(after=timedelta(), reason=FirstPartSent().reason, counted=False)


async def _find_sent(connections: Connections, outbound: OutboundContext, message: OutboundMessage) -> str | None:
    """Return the provider's id of a message that was sent; None if it is not found or the lookup fails."""
    try:
        async with (
            connections.use(outbound.channel) as adapter,
            asyncio.timeout(LOOKUP_LIMIT.total_seconds()),
        ):
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
