"""Checks, before a reply is stored, whether the chosen channel and contact point can carry it."""

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

MAX_SUBJECT = 500  # characters


class Route(Struct, frozen=True, kw_only=True):
    """The checked route of a reply: channel, contact point, and the subject and copies the channel carries."""

    channel: Channel
    point: ContactPoint
    capabilities: Capabilities
    subject: str | None
    cc: tuple[str, ...]


async def route(session: AsyncSession, conversation: Conversation, reply: Reply) -> Route:
    """Return the route of a reply; raises BadInput, Conflict if it cannot be sent that way. Two or three queries."""
    channel = await session.get(Channel, reply.channel_id)
    if channel is None or channel.archived_at or channel.kind not in registry.kinds():
        raise ReplyChannelGone
    if channel.paused_at:
        raise ChannelPaused(channel=channel.name)
    capabilities = registry.capabilities(channel.kind)
    point = await session.get(ContactPoint, reply.point_id)
    if point is None or point.contact_id != conversation.contact_id or point.scheme != capabilities.scheme:
        raise ContactUnreachable
    if not capabilities.initiates or capabilities.reply_window is not None:
        await _check_window(session, channel, point, capabilities)
    return Route(
        channel=channel,
        point=point,
        capabilities=capabilities,
        subject=_subject(conversation, reply) if capabilities.subject else None,
        cc=_copies(reply, capabilities),
    )


async def files_of(
    session: AsyncSession, viewer: Viewer, ids: Sequence[UUID], capabilities: Capabilities
) -> Sequence[Attachment]:
    """Return the uploads to attach: the viewer's own, not yet part of a message. One query, none without ids.

    Raises BadInput if an upload is missing or the channel cannot carry it.
    """
    if not ids:
        return ()
    found = await session.scalars(
        select(Attachment).where(
            Attachment.id.in_(ids), Attachment.agent_id == viewer.agent_id, Attachment.message_id.is_(None)
        )
    )
    files = {file.id: file for file in found}
    missing = [id_ for id_ in ids if id_ not in files]
    if missing:
        raise UploadGone(file=str(missing[0]))
    chosen = list(files.values())
    summaries = [FileSummary(filename=file.filename, media_type=file.media_type, size=file.size) for file in chosen]
    check_files(summaries, capabilities.attachments)
    return chosen


async def _check_window(
    session: AsyncSession, channel: Channel, point: ContactPoint, capabilities: Capabilities
) -> None:
    """Raise Conflict unless the customer has written on this channel, within its reply window if it has one."""
    last_inbound_at: datetime | None = await session.scalar(
        select(func.max(Message.at)).where(
            Message.contact_id == point.contact_id,
            Message.channel_id == channel.id,
            Message.point_id == point.id,
            Message.direction == Direction.INBOUND,
        )
    )
    if last_inbound_at is None and not capabilities.initiates:
        raise ContactMustWriteFirst(channel=channel.name)
    window = capabilities.reply_window
    if window is not None and (last_inbound_at is None or now() - last_inbound_at > window):
        hours = round(window.total_seconds() / 3600)
        raise ReplyWindowClosed(channel=channel.name, hours=hours)


def _subject(conversation: Conversation, reply: Reply) -> str | None:
    """Return the given subject, else the conversation's subject with "Re:", else None."""
    requested = " ".join((clean(reply.subject) or "").split())
    if requested:
        return requested
    current = (conversation.subject or "").strip()
    if not current:
        return None
    return current if current.lower().startswith("re:") else f"Re: {current}"[:MAX_SUBJECT]


def _copies(reply: Reply, capabilities: Capabilities) -> tuple[str, ...]:
    """Return the normalised addresses of copies without duplicates; raises BadInput."""
    if reply.cc and not capabilities.subject:
        raise CopiesNotSupported
    copies = tuple(dict.fromkeys(normalise(capabilities.scheme, address) for address in reply.cc))
    for address in copies:
        local, _, domain = address.rpartition("@")
        if not local or not domain or any(character.isspace() or character in '<>,;"' for character in address):
            raise CopyAddressInvalid(address=address)
    return copies
