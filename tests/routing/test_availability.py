"""Availability of agents."""

from datetime import timedelta

from hub.events.definitions import AvailabilityChanged, Intent
from hub.routing.availability import seen, set_intent
from hub.routing.models import Availability
from hub.storage.database import now
from tests.support.company import Company


async def test_availability_is_told_once_and_a_sign_of_life_keeps_it(company: Company) -> None:
    ann = await company.agent(intent=Intent.OFFLINE)
    for _ in range(2):
        async with company.session() as session:
            await set_intent(session, ann, Intent.AVAILABLE)
    async with company.session() as session:
        await seen(session, [ann], at=now() + timedelta(minutes=1))
    assert await company.events() == [AvailabilityChanged(agent_id=ann, intent=Intent.AVAILABLE)]
    async with company.session() as session:
        case = await session.get_one(Availability, ann)
    assert case.seen_at is not None
    assert (case.intent, case.seen_at > now()) == ("available", True)


async def test_an_agent_who_is_first_seen_is_offline(company: Company) -> None:
    ann = await company.agent()
    async with company.session() as session:
        await session.delete(await session.get_one(Availability, ann))
    async with company.session() as session:
        await seen(session, [ann])
    async with company.session() as session:
        assert (await session.get_one(Availability, ann)).intent == "offline"
