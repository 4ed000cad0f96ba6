"""Support for the tests of delivery: channels of a fake provider, customers, and due messages."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

import hub.channels
from hub.channels import registry
from hub.channels.accounts import Connections, seal_secrets
from hub.channels.models import Channel
from hub.delivery import worker
from hub.delivery.models import Delivery
from hub.events.definitions import Direction, Status
from hub.events.models import Entry
from hub.runtime.context import AppContext, open_context
from hub.settings import Settings
from hub.storage.database import new_id, now
from hub.timeline.models import Attachment, Contact, ContactPoint, Conversation, Message
from tests.support.database import empty

KINDS = str(Path(__file__).parents[1] / "fakes" / "kinds")
CACHES: tuple[Any, ...] = (registry.kinds, registry.adapter_type, registry.schema, registry.secret_fields)


@contextmanager
def more_kinds() -> Iterator[None]:
    """Let the registry find the channel folders of the tests as well."""
    hub.channels.__path__.append(KINDS)
    _forget()
    try:
        yield
    finally:
        hub.channels.__path__.remove(KINDS)
        _forget()


def _forget() -> None:
    for cache in CACHES:
        cache.cache_clear()


async def until(holds: Callable[[], Awaitable[bool]], *, within: float = 10) -> None:
    """Wait until a condition is true."""
    async with asyncio.timeout(within):
        while not await holds():
            await asyncio.sleep(0.01)


async def true(value: object) -> bool:
    """Return a plain value as an awaitable condition for `until`."""
    return bool(value)


@dataclass
class Outbox:
    """An open context, with helpers to queue messages and read the outcome."""

    context: AppContext
    provider_url: str
    _customers: dict[UUID, tuple[UUID, UUID]] = field(default_factory=dict)

    async def channel(self, kind: str = "post_ask", *, url: str | None = None, patience: float = 1.0) -> Channel:
        settings = {"url": url or self.provider_url, "patience": patience}
        channel = Channel(kind=kind, name="Post", address=str(new_id()), settings=settings)
        channel.secrets = seal_secrets(self.context.encryptor, channel.id, {"token": "s3cret-token"})
        async with self.context.transaction() as session:
            session.add(channel)
        return channel

    async def conversation(self, value: str = "", scheme: str = "post") -> UUID:
        contact = Contact(name="Ann Customer")
        point = ContactPoint(contact_id=contact.id, scheme=scheme, value=value or str(new_id()), display="Ann")
        conversation = Conversation(contact_id=contact.id, reply_key=new_id().hex[:26])
        async with self.context.transaction() as session:
            session.add(contact)
            await session.flush()
            session.add_all([point, conversation])
        self._customers[conversation.id] = (contact.id, point.id)
        return conversation.id

    async def reply(
        self,
        channel: Channel,
        words: str = "Hello",
        *,
        conversation_id: UUID | None = None,
        wait: timedelta = timedelta(),
        files: tuple[tuple[str, bytes], ...] = (),
    ) -> Delivery:
        conversation_id = conversation_id or await self.conversation()
        contact_id, point_id = self._customers[conversation_id]
        message = Message(
            conversation_id=conversation_id,
            contact_id=contact_id,
            at=now(),
            direction=Direction.OUTBOUND,
            body=words,
            channel_id=channel.id,
            point_id=point_id,
            status=Status.QUEUED,
            send_at=now() + wait,
            has_files=bool(files),
        )
        due = Delivery(
            message_id=message.id,
            conversation_id=conversation_id,
            channel_id=channel.id,
            point_id=point_id,
            due_at=now() + wait,
        )
        async with self.context.transaction() as session:
            session.add(message)
            await session.flush()
            session.add_all([await self._kept(message, *file) for file in files])
            session.add(due)
        await self.context.signals.publish(worker.TOPIC, b"")
        return due

    async def _kept(self, message: Message, filename: str, content: bytes) -> Attachment:
        digest = await self.context.files.put(content)
        return Attachment(
            message_id=message.id, digest=digest, filename=filename, media_type="text/plain", size=len(content)
        )

    async def look(self, one: Delivery) -> tuple[Delivery, Message]:
        async with self.context.transaction() as session:
            found = select(Delivery, Message).join(Message, Message.id == Delivery.message_id)
            row = (await session.execute(found.where(Delivery.id == one.id))).one()
            return row[0], row[1]

    async def is_(self, one: Delivery, state: str, *, within: float = 10) -> tuple[Delivery, Message]:
        """Wait until a delivery has reached a state."""

        async def there() -> bool:
            return (await self.look(one))[0].state == state

        await until(there, within=within)
        return await self.look(one)

    async def is_due_again(self, one: Delivery, *, attempts: int) -> bool:
        """Return whether this many attempts have failed and another one will follow."""
        found, _ = await self.look(one)
        return (found.state, found.attempts, found.error is not None) == ("due", attempts, True)

    async def events(self, tag: str = "message_status_changed") -> list[dict[str, Any]]:
        async with self.context.transaction() as session:
            entries = await session.scalars(select(Entry).order_by(Entry.position))
            return [entry.event for entry in entries if entry.event["type"] == tag]

    async def fresh(self, channel: Channel) -> Channel:
        async with self.context.transaction() as session:
            return await session.get_one(Channel, channel.id)

    async def change(self, one: Delivery, **values: object) -> None:
        async with self.context.transaction() as session:
            await session.execute(update(Delivery).where(Delivery.id == one.id).values(**values))

    async def expire(self, one: Delivery) -> None:
        """Make a lease, or the wait until the next look, end now."""
        await self.change(one, lease_until=func.now() - timedelta(seconds=1))

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """Run the loop for a while."""
        stop = asyncio.Event()
        loop = asyncio.create_task(worker.run(self.context, self.context.shared(Connections), stop))
        try:
            yield
        finally:
            stop.set()
            await loop


@asynccontextmanager
async def open_outbox(url: str, folder: Path, provider_url: str) -> AsyncIterator[Outbox]:
    settings = Settings(data_dir=folder, secret_key="00" * 32)
    async with open_context(settings, database_url=url, pool=16) as context:
        await empty(context.engine)
        yield Outbox(context, provider_url)
