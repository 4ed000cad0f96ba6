"""The mailboxes of the demo's customers, shown by the mailbox page."""

from sqlalchemy import select

from hub.channels.models import Channel
from hub.demo.models import DemoMail
from hub.demo.schemas import DOMAIN
from hub.runtime.context import AppContext


class DemoMailboxes:
    """Accepts mail for the demo's domain while there is demo data."""

    async def has_mailbox(self, context: AppContext, address: str) -> bool:
        """Return whether mail for this address is accepted."""
        if address.rpartition("@")[2].lower() != DOMAIN:
            return False
        async with context.transaction() as session:
            return await session.scalar(select(Channel.id).where(Channel.demo).limit(1)) is not None

    async def accept(self, context: AppContext, address: str, raw: bytes) -> None:
        """Store a mail."""
        async with context.transaction() as session:
            session.add(DemoMail(address=address.lower(), raw=raw))
