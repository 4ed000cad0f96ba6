"""The interface of what access needs from higher rooms: an agent's availability, and mail to agents."""

from typing import Protocol
from uuid import UUID

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.models import Purpose
from hub.events.definitions import Intent


class StaffMail(Struct, frozen=True, kw_only=True):
    """A mail that sends an agent a single-use link, written in the agent's language."""

    purpose: Purpose
    email: str
    name: str
    language: str
    url: str


class AccessHooks(Protocol):
    """The implementation that the application keeps in `state.access_hooks`."""

    async def intent(self, session: AsyncSession, agent_id: UUID) -> Intent:
        """Return whether an agent takes new work ("offline" for one who never signed in). One query."""
        ...

    async def send_mail(self, mail: StaffMail) -> None:
        """Send a mail to an agent; must be called outside of any transaction."""
