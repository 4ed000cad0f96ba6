"""The HTTP interface of channels for administrators: list kinds; add, change, test, pause and archive channels."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from litestar import Router, delete, get, patch, post, put
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from hub.access.guard import CurrentViewer, needs
from hub.access.idempotency import Repeatable, run_once
from hub.access.rights import Right
from hub.admin import channels as admin
from hub.admin.errors import ChannelKindFixed, TestTimedOut
from hub.admin.schemas import ChannelAdmin, ChannelChange, Kind, NewChannel
from hub.channels import registry
from hub.channels.models import Channel
from hub.channels.send_errors import SendError
from hub.errors import CodedText, HubError, Reason
from hub.runtime.context import AppContext
from hub.runtime.http import Context, Session

READS = [needs(Right.CHANNELS_READ)]
WRITES = [needs(Right.CHANNELS_READ, Right.CHANNELS_WRITE)]


class Trial(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings to test; with a channel's id, its saved values are used for fields that are left out."""

    kind: str
    settings: dict[str, object]
    channel_id: UUID | None = None


class Verdict(Struct, frozen=True, kw_only=True):
    """The result of a test: what works, or what is wrong; `detail` has all reasons in English."""

    ok: bool
    detail: str
    reasons: tuple[Reason, ...]


@get("/channel-kinds", operation_id="listChannelKinds", guards=READS, sync_to_thread=False)
def list_kinds() -> list[Kind]:
    """List the kinds of channels, their capabilities, and the settings that each needs."""
    return admin.list_kinds()


@get("/channels", operation_id="listChannels", guards=READS)
async def list_channels(session: Session, context: Context) -> list[ChannelAdmin]:
    """List the channels with their health."""
    return await admin.list_channels(session, context)


@post("/channels", operation_id="addChannel", guards=WRITES)
async def add_channel(
    session: Session,
    context: Context,
    viewer: CurrentViewer,
    request_key: Repeatable,
    data: JSONBody[NewChannel],
) -> ChannelAdmin:
    """Add a channel."""

    async def make() -> ChannelAdmin:
        return admin.to_item(context, await admin.create_channel(session, context, data, by=viewer.agent_id))

    return await run_once(session, request_key, ChannelAdmin, make)


@patch("/channels/{channel_id:uuid}", operation_id="changeChannel", guards=WRITES)
async def change_channel(
    session: Session,
    context: Context,
    viewer: CurrentViewer,
    channel_id: FromPath[UUID],
    data: JSONBody[ChannelChange],
) -> ChannelAdmin:
    """Change a channel; a secret that is left out keeps its value."""
    return admin.to_item(context, await admin.change_channel(session, context, channel_id, data, by=viewer.agent_id))


@delete("/channels/{channel_id:uuid}", operation_id="archiveChannel", guards=WRITES)
async def archive_channel(session: Session, viewer: CurrentViewer, channel_id: FromPath[UUID]) -> None:
    """Archive a channel; its messages stay."""
    await admin.archive_channel(session, channel_id, by=viewer.agent_id)


@put("/channels/{channel_id:uuid}/pause", operation_id="pauseChannel", guards=WRITES)
async def pause_channel(
    session: Session,
    context: Context,
    viewer: CurrentViewer,
    channel_id: FromPath[UUID],
) -> ChannelAdmin:
    """Pause a channel: nothing is received or sent until it is resumed."""
    return admin.to_item(context, await admin.pause_channel(session, channel_id, paused=True, by=viewer.agent_id))


@delete("/channels/{channel_id:uuid}/pause", operation_id="resumeChannel", guards=WRITES, status_code=200)
async def resume_channel(
    session: Session,
    context: Context,
    viewer: CurrentViewer,
    channel_id: FromPath[UUID],
) -> ChannelAdmin:
    """Resume a paused channel."""
    return admin.to_item(context, await admin.pause_channel(session, channel_id, paused=False, by=viewer.agent_id))


@post("/channels/test", operation_id="testSettings", guards=WRITES, status_code=200)
async def test_settings(context: Context, data: JSONBody[Trial]) -> Verdict:
    """Test settings before they are saved."""
    saved = await _load(context, data.channel_id) if data.channel_id else None
    if saved is not None and saved.kind != data.kind:
        raise ChannelKindFixed(kind=saved.kind)
    return await _test(context, data.kind, data.settings, saved)


@post("/channels/{channel_id:uuid}/test", operation_id="testChannel", guards=WRITES, status_code=200)
async def test_channel(context: Context, channel_id: FromPath[UUID]) -> Verdict:
    """Test a channel with its saved settings."""
    saved = await _load(context, channel_id)
    return await _test(context, saved.kind, {}, saved)


async def _load(context: AppContext, channel_id: UUID) -> Channel:
    async with context.transaction() as session:
        return await admin.lock_channel(session, channel_id)


async def _test(context: AppContext, kind: str, settings: dict[str, object], saved: Channel | None) -> Verdict:
    """Test settings with the provider, with no transaction open; the verdict includes errors of the settings."""
    adapter = registry.create_adapter(kind, admin.complete_account(context, kind, settings, saved))
    timeout = context.settings.provider_timeout.total_seconds()
    try:
        async with asyncio.timeout(timeout):
            return _verdict(await adapter.check(), ok=True)
    except (SendError, HubError) as error:
        return _verdict([error], ok=False)
    except TimeoutError:
        return _verdict([TestTimedOut(seconds=round(timeout))], ok=False)
    finally:
        await adapter.close()


def _verdict(results: Sequence[CodedText], *, ok: bool) -> Verdict:
    return Verdict(
        ok=ok, detail=" ".join(result.detail for result in results), reasons=tuple(result.reason for result in results)
    )


router = Router(
    path="/api",
    route_handlers=[
        list_kinds,
        list_channels,
        add_channel,
        change_channel,
        archive_channel,
        pause_channel,
        resume_channel,
        test_settings,
        test_channel,
    ],
)
