"""Channels for administrators: which kinds there are; add, change, try out, pause and remove one."""

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
    """Settings to try out; with a channel's id, its saved values stand in for what is left out."""

    kind: str
    settings: dict[str, object]
    channel_id: UUID | None = None


class Verdict(Struct, frozen=True, kw_only=True):
    """The result of a test: what works, or what is wrong; `detail` is all of it in English."""

    ok: bool
    detail: str
    reasons: tuple[Reason, ...]


@get("/channel-kinds", operation_id="listChannelKinds", guards=READS, sync_to_thread=False)
def list_kinds() -> list[Kind]:
    """List the kinds of channels, what they carry, and what has to be filled in."""
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
    """Change a channel; a secret that is left out stays."""
    return admin.to_item(context, await admin.change_channel(session, context, channel_id, data, by=viewer.agent_id))


@delete("/channels/{channel_id:uuid}", operation_id="archiveChannel", guards=WRITES)
async def archive_channel(session: Session, viewer: CurrentViewer, channel_id: FromPath[UUID]) -> None:
    """Take a channel out of use; what was said on it stays."""
    await admin.archive_channel(session, channel_id, by=viewer.agent_id)


@put("/channels/{channel_id:uuid}/pause", operation_id="pauseChannel", guards=WRITES)
async def pause_channel(
    session: Session,
    context: Context,
    viewer: CurrentViewer,
    channel_id: FromPath[UUID],
) -> ChannelAdmin:
    """Let nothing in or out for a while."""
    return admin.to_item(context, await admin.pause_channel(session, channel_id, paused=True, by=viewer.agent_id))


@delete("/channels/{channel_id:uuid}/pause", operation_id="resumeChannel", guards=WRITES, status_code=200)
async def resume_channel(
    session: Session,
    context: Context,
    viewer: CurrentViewer,
    channel_id: FromPath[UUID],
) -> ChannelAdmin:
    """Go on."""
    return admin.to_item(context, await admin.pause_channel(session, channel_id, paused=False, by=viewer.agent_id))


@post("/channels/test", operation_id="testSettings", guards=WRITES, status_code=200)
async def test_settings(context: Context, data: JSONBody[Trial]) -> Verdict:
    """Try settings out before they are saved."""
    saved = await _saved(context, data.channel_id) if data.channel_id else None
    if saved is not None and saved.kind != data.kind:
        raise ChannelKindFixed(kind=saved.kind)
    return await _tried(context, data.kind, data.settings, saved)


@post("/channels/{channel_id:uuid}/test", operation_id="testChannel", guards=WRITES, status_code=200)
async def test_channel(context: Context, channel_id: FromPath[UUID]) -> Verdict:
    """Try a channel out as it is."""
    saved = await _saved(context, channel_id)
    return await _tried(context, saved.kind, {}, saved)


async def _saved(context: AppContext, channel_id: UUID) -> Channel:
    async with context.transaction() as session:
        return await admin.locked_channel(session, channel_id)


async def _tried(context: AppContext, kind: str, settings: dict[str, object], saved: Channel | None) -> Verdict:
    """Ask the provider, with no transaction open; settings that cannot be used are told as such."""
    adapter = registry.create_adapter(kind, admin.complete_account(context, kind, settings, saved))
    patience = context.settings.provider_timeout.total_seconds()
    try:
        async with asyncio.timeout(patience):
            return _verdict(await adapter.check(), ok=True)
    except (SendError, HubError) as error:
        return _verdict([error], ok=False)
    except TimeoutError:
        return _verdict([TestTimedOut(seconds=round(patience))], ok=False)
    finally:
        await adapter.close()


def _verdict(told: Sequence[CodedText], *, ok: bool) -> Verdict:
    return Verdict(ok=ok, detail=" ".join(one.detail for one in told), reasons=tuple(one.reason for one in told))


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
