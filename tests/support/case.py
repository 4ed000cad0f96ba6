"""A support case: a team, two agents, a mailbox, and a customer who has written."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import msgspec
from sqlalchemy import select

from hub.access.rights import Viewer
from hub.channels.contract import WorkClass
from hub.delivery.models import Delivery
from hub.events.definitions import Direction, Intent
from hub.inbox import reply as replying
from hub.inbox.locking import lock_conversation
from hub.inbox.requests import Reply
from hub.routing import actions as routing
from hub.storage.database import new_id, now
from hub.timeline.models import Attachment, Conversation, Message
from tests.support.company import Company, open_company, viewer

WINDOW = timedelta(seconds=10)


@dataclass
class Case:
    """The rows of the support case."""

    company: Company
    team: UUID
    ann: Viewer
    ben: Viewer
    channel: UUID
    conversation: UUID
    point: UUID

    async def receive(self, text: str = "Where is my parcel?") -> UUID:
        """Store a message of the customer, as intake would."""
        async with self.company.session() as session:
            loaded = await session.get_one(Conversation, self.conversation, with_for_update={"key_share": True})
            message = Message(
                conversation_id=loaded.id,
                contact_id=loaded.contact_id,
                at=now(),
                direction=Direction.INBOUND,
                channel_id=self.channel,
                point_id=self.point,
                body=text,
            )
            session.add(message)
            loaded.receive(at=message.at, channel_id=self.channel, text=text)
            loaded.wait(message.at)
            await session.flush()
            await routing.assign_or_queue(session, loaded, WorkClass.ASYNC)
        return message.id

    def new_reply(self, text: str = "It is on its way.", **fields: object) -> Reply:
        values = {"id": new_id(), "channel_id": self.channel, "point_id": self.point, "text": text, **fields}
        return msgspec.convert(values, Reply)

    async def reply(
        self, agent: Viewer, content: Reply | None = None, *, text: str = "It is on its way.", **more: object
    ) -> UUID:
        content = content or self.new_reply(text, **more)
        async with self.company.session() as session:
            conversation = await lock_conversation(session, agent, self.conversation)
            await replying.reply(session, agent, conversation, content, window=WINDOW)
        return content.id

    async def message(self, message_id: UUID) -> Message:
        async with self.company.session() as session:
            return await session.get_one(Message, message_id)

    async def delivery(self, message_id: UUID) -> Delivery:
        async with self.company.session() as session:
            return (await session.scalars(select(Delivery).where(Delivery.message_id == message_id))).one()

    async def load_conversation(self) -> Conversation:
        return await self.company.load_conversation(self.conversation)

    async def upload(self, agent: Viewer, size: int = 10) -> UUID:
        async with self.company.session() as session:
            file = Attachment(
                digest="00", filename="a.txt", media_type="text/plain", size=size, agent_id=agent.agent_id
            )
            session.add(file)
        return file.id


@asynccontextmanager
async def open_case(url: str, folder: Path) -> AsyncIterator[Case]:
    async with open_company(url, folder) as company:
        team = await company.team("Support")
        ann, ben = [viewer(await company.agent(team, intent=Intent.AWAY), team) for _ in range(2)]
        channel = await company.channel()
        conversation = await company.conversation(team, subject="Parcel")
        point = await company.point(conversation)
        case = Case(company, team, ann, ben, channel, conversation, point)
        await case.receive()
        yield case
        await company.check()
