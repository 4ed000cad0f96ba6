"""What follows when people or teams change: a line in the log, a queue, a mail."""

from typing import Literal, cast
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.changes import Letter
from hub.admin.staff_mail import words_for
from hub.channels import registry
from hub.channels.accounts import create_adapter
from hub.channels.contract import OutboundMessage, Point, SendError
from hub.channels.models import Channel
from hub.events.definitions import AgentChanged, TeamChanged
from hub.events.log import record
from hub.routing.models import Desk
from hub.routing.queues import queue_for
from hub.runtime.context import AppContext
from hub.storage.database import new_id, now

Intent = Literal["available", "away", "offline"]
log = structlog.get_logger("hub.letters")


class LoggedChanges:
    """Notes changes in the log, so that every screen hears of them."""

    def __init__(self, context: AppContext) -> None:
        """Keep what letters are sent with."""
        self._context = context

    async def agent(self, session: AsyncSession, agent_id: UUID) -> None:
        """Note that an agent was invited, changed or disabled."""
        record(session, AgentChanged(agent_id=agent_id))

    async def team(self, session: AsyncSession, team_id: UUID) -> None:
        """Note that a team was made, changed or removed; a team has a queue from its first moment."""
        await queue_for(session, team_id)
        record(session, TeamChanged(team_id=team_id))

    async def intent(self, session: AsyncSession, agent_id: UUID) -> Intent:
        """Tell whether somebody takes new work."""
        found = await session.scalar(select(Desk.intent).where(Desk.agent_id == agent_id))
        return cast("Intent", found or "offline")

    async def letter(self, letter: Letter) -> None:
        """Mail a link through the first mailbox that can send."""
        async with self._context.transaction() as session:
            wanted = select(Channel).where(Channel.archived_at.is_(None), Channel.paused_at.is_(None))
            channels = (await session.scalars(wanted.order_by(Channel.created_at))).all()
        for channel in channels:
            capabilities = registry.capabilities(channel.kind)
            if capabilities.scheme == "mailto" and capabilities.initiates and await self._send(channel, letter):
                return
        log.warning("letter.not_sent", purpose=letter.purpose, reason="no mailbox could send it")

    async def _send(self, channel: Channel, letter: Letter) -> bool:
        subject, text = words_for(letter)
        adapter = create_adapter(self._context.sealer, channel)
        try:
            await adapter.send(
                OutboundMessage(
                    id=str(new_id()),
                    to=Point(scheme="mailto", value=letter.email, name=letter.name),
                    subject=subject,
                    text=text,
                    created_at=now(),
                )
            )
        except SendError as error:
            log.warning("letter.refused", channel=str(channel.id), reason=error.detail)
            return False
        finally:
            await adapter.close()
        return True
