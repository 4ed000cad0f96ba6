"""Who is at their desk."""

from datetime import timedelta

from hub.events.definitions import AvailabilityChanged
from hub.routing.availability import seen, set_intent
from hub.routing.models import Desk
from hub.storage.database import now
from tests.routing.world import World


async def test_availability_is_told_once_and_a_sign_of_life_keeps_it(world: World) -> None:
    ann = await world.agent(intent="offline")
    for _ in range(2):
        async with world.session() as session:
            await set_intent(session, ann, "available")
    async with world.session() as session:
        await seen(session, [ann], at=now() + timedelta(minutes=1))
    assert await world.events() == [AvailabilityChanged(agent_id=ann, intent="available")]
    async with world.session() as session:
        desk = await session.get_one(Desk, ann)
    assert desk.seen_at is not None
    assert (desk.intent, desk.seen_at > now()) == ("available", True)


async def test_a_first_sign_of_life_makes_a_desk_that_takes_nothing_yet(world: World) -> None:
    ann = await world.agent()
    async with world.session() as session:
        await session.delete(await session.get_one(Desk, ann))
    async with world.session() as session:
        await seen(session, [ann])
    async with world.session() as session:
        assert (await session.get_one(Desk, ann)).intent == "offline"
