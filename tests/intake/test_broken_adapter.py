"""An adapter with a defect costs the one arrival that shows it."""

from sqlalchemy import select, update

from hub.errors import reason_to_json
from hub.intake import arrivals, pipeline
from hub.intake.errors import ArrivalFailed
from hub.intake.models import Arrival
from hub.intake.pipeline import Intake
from hub.storage.database import now
from tests.intake.steps import messages, take
from tests.support.company import Company
from tests.support.outbox import more_kinds


async def test_an_adapter_that_breaks_on_one_arrival_breaks_no_other_and_leaves_a_placeholder(company: Company) -> None:
    with more_kinds():
        channel_id = await company.channel("brittle", "b")
        await take(company, channel_id, b"before", b"poison", b"after")
        assert [message.body for message in await messages(company)] == ["before", "after"]
        for _ in range(2):
            async with company.session() as session:
                await session.execute(update(Arrival).where(Arrival.state == "kept").values(due_at=now()))
            await pipeline.process(
                company.context,
                company.context.shared(Intake).parser,
                await arrivals.claim(company.context, company.context.shared(Intake).parser),
            )
    error = ArrivalFailed(problem="RuntimeError: a fault nobody knew of")
    found = [(message.unreadable, message.reason) for message in await messages(company) if message.unreadable]
    assert found == [(error.detail, reason_to_json(error.reason))]
    async with company.session() as session:
        states = list(await session.scalars(select(Arrival.state).order_by(Arrival.sequence)))
    assert states == ["taken", "quarantined", "taken"]
