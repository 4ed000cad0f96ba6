"""Where an answer goes, and whether the channel can carry it: checked before anything is written."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.rights import Viewer
from hub.channels import registry
from hub.channels.contract import Capabilities
from hub.channels.models import Channel
from hub.channels.render import FileSummary, check_files
from hub.events.definitions import Direction
from hub.inbox.errors import (
    ChannelPaused,
    ContactMustWriteFirst,
    ContactUnreachable,
    CopiesNotSupported,
    CopyAddressInvalid,
    ReplyChannelGone,
    ReplyWindowClosed,
    UploadGone,
)
from hub.inbox.requests import Reply
from hub.storage.database import now
from hub.timeline.identity import normalise
from hub.timeline.models import Attachment, ContactPoint, Conversation, Message
from hub.timeline.text import clean

LONGEST_SUBJECT = 500


class Route(Struct, frozen=True, kw_only=True):
    """The way an answer takes."""

    channel: Channel
    point: ContactPoint
    capabilities: Capabilities
    subject: str | None
    cc: tuple[str, ...]


async def route(session: AsyncSession, conversation: Conversation, written: Reply) -> Route:
    """Find the way to the customer; raises BadInput or Conflict where there is none. Two or three queries."""
    channel = await session.get(Channel, written.channel_id)
    if channel is None or channel.archived_at or channel.kind not in registry.kinds():
        raise ReplyChannelGone
    if channel.paused_at:
        raise ChannelPaused(channel=channel.name)
    can = registry.capabilities(channel.kind)
    point = await session.get(ContactPoint, written.point_id)
    if point is None or point.contact_id != conversation.contact_id or point.scheme != can.scheme:
        raise ContactUnreachable
    if not can.initiates or can.reply_window is not None:
        await _check_window(session, channel, point, can)
    return Route(
        channel=channel,
        point=point,
        capabilities=can,
        subject=_subject(conversation, written) if can.subject else None,
        cc=_copies(written, can),
    )


async def files_of(
    session: AsyncSession, viewer: Viewer, ids: Sequence[UUID], can: Capabilities
) -> Sequence[Attachment]:
    """Find the uploads an answer takes along: one's own, and in no message yet. No query when there are none."""
    if not ids:
        return ()
    found = await session.scalars(
        select(Attachment).where(
            Attachment.id.in_(ids), Attachment.agent_id == viewer.agent_id, Attachment.message_id.is_(None)
        )
    )
    files = {file.id: file for file in found}
    missing = [one for one in ids if one not in files]
    if missing:
        raise UploadGone(file=str(missing[0]))
    chosen = list(files.values())
    check_files(
        [FileSummary(filename=one.filename, media_type=one.media_type, size=one.size) for one in chosen],
        can.attachments,
    )
    return chosen


async def _check_window(session: AsyncSession, channel: Channel, point: ContactPoint, can: Capabilities) -> None:
    """See that the customer wrote here at all, and lately enough."""
    heard_at: datetime | None = await session.scalar(
        select(func.max(Message.at)).where(
            Message.contact_id == point.contact_id,
            Message.channel_id == channel.id,
            Message.point_id == point.id,
            Message.direction == Direction.INBOUND,
        )
    )
    if heard_at is None and not can.initiates:
        raise ContactMustWriteFirst(channel=channel.name)
    if can.reply_window is not None and (heard_at is None or now() - heard_at > can.reply_window):
        hours = round(can.reply_window.total_seconds() / 3600)
        raise ReplyWindowClosed(channel=channel.name, hours=hours)


def _subject(conversation: Conversation, written: Reply) -> str | None:
    """The subject as written, or the conversation's own as an answer."""
    given = " ".join((clean(written.subject) or "").split())
    if given:
        return given
    own = (conversation.subject or "").strip()
    if not own:
        return None
    return own if own.lower().startswith("re:") else f"Re: {own}"[:LONGEST_SUBJECT]


def _copies(written: Reply, can: Capabilities) -> tuple[str, ...]:
    if written.cc and not can.subject:
        raise CopiesNotSupported
    copies = tuple(dict.fromkeys(normalise(can.scheme, one) for one in written.cc))
    for one in copies:
        local, _, domain = one.rpartition("@")
        if not local or not domain or any(character.isspace() or character in '<>,;"' for character in one):
            raise CopyAddressInvalid(address=one)
    return copies
