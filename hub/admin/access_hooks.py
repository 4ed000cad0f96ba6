"""Implements the hooks of access: looks up an agent's availability and sends mail through a create_adapter mailbox."""

from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.hooks import StaffMail
from hub.admin.staff_mail import words_for
from hub.channels import registry
from hub.channels.accounts import create_adapter
from hub.channels.contract import OutboundMessage, Point
from hub.channels.models import Channel
from hub.channels.send_errors import SendError
from hub.events.definitions import Intent
from hub.routing.models import Availability
from hub.runtime.context import AppContext
from hub.storage.database import new_id, now

log = structlog.get_logger("hub.staff_mail")


class AdminAccessHooks:
    """Reads availability from routing and sends mail through the first channel that can start a mail conversation."""

    def __init__(self, context: AppContext) -> None:
        """Keep the context whose database and encryption key the mails are sent with."""
        self._context = context

    async def intent(self, session: AsyncSession, agent_id: UUID) -> Intent:
        """Return whether an agent takes new work ("offline" for one who never signed in). One query."""
        found = await session.scalar(select(Availability.intent).where(Availability.agent_id == agent_id))
        return found or Intent.OFFLINE

    async def send_mail(self, mail: StaffMail) -> None:
        """Send a mail to an agent, trying mailboxes from the oldest on; log a warning if none can send it."""
        async with self._context.transaction() as session:
            wanted = select(Channel).where(Channel.archived_at.is_(None), Channel.paused_at.is_(None))
            channels = (await session.scalars(wanted.order_by(Channel.created_at))).all()
        for channel in channels:
            capabilities = registry.capabilities(channel.kind)
            if capabilities.scheme == "mailto" and capabilities.initiates and await self._send(channel, mail):
                return
        log.warning("staff_mail.not_sent", purpose=mail.purpose, reason="no mailbox could send it")

    async def _send(self, channel: Channel, mail: StaffMail) -> bool:
        """Send a mail through a channel; False when the channel refuses it."""
        subject, text = words_for(mail)
        adapter = create_adapter(self._context.encryptor, channel)
        try:
            await adapter.send(
                OutboundMessage(
                    id=str(new_id()),
                    to=Point(scheme="mailto", value=mail.email, name=mail.name),
                    subject=subject,
                    text=text,
                    created_at=now(),
                )
            )
        except SendError as error:
            log.warning("staff_mail.refused", channel=str(channel.id), reason=error.detail)
            return False
        finally:
            await adapter.close()
        return True
