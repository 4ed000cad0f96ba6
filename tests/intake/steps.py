"""Steps that tests of intake share: process arrivals, and read the messages they became."""

from uuid import UUID

from sqlalchemy import select

from hub.channels.contract import RawItem
from hub.intake.pipeline import Intake
from hub.timeline.models import Message
from tests.support.company import Company


async def take(company: Company, channel_id: UUID, *bodies: bytes) -> None:
    """Store raw arrivals, one after the other, and wait until they are processed."""
    await company.context.shared(Intake).receive(
        channel_id, [RawItem(dedupe_key=f"{hash(body)}", body=body) for body in bodies]
    )
    await company.context.shared(Intake).processor.wait_until_idle()


async def messages(company: Company) -> list[Message]:
    async with company.session() as session:
        return list(await session.scalars(select(Message).order_by(Message.at, Message.id)))
