"""The state of a browser after its snapshot and events equals a newly loaded state, after every action."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import get_args

import pytest
import pytest_asyncio
from sqlalchemy import select

from hub.events.definitions import Event
from hub.events.models import Entry
from hub.live import counts
from hub.storage.embedded_postgres import EmbeddedPostgres
from tests.fakes.provider import Provider
from tests.live import conversations, customers, people
from tests.live.company import LiveCompany, open_live_company, watched
from tests.live.routes import ELSEWHERE, ROUTES
from tests.live.story import ACTIONS, PROVIDERS, Story
from tests.support.database import make_database
from tests.support.outbox import more_kinds

REGISTERED = (conversations, customers, people)  # each module registers its actions when it is imported
MODULE = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="session")
def live_url(postgres: EmbeddedPostgres) -> str:
    return make_database(postgres, "live")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def live(live_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LiveCompany]:
    hasty = pytest.MonkeyPatch()
    hasty.setattr(counts, "COUNT_EVERY", 0.02)
    provider = Provider()
    await provider.start()
    folder: Path = tmp_path_factory.mktemp("live")
    with more_kinds():
        async with (
            open_live_company(live_url, folder, provider.url) as opened,
            watched(opened, "olga", "ann", "zoe") as full,
        ):
            PROVIDERS.append(provider)
            yield full
    await provider.stop()
    hasty.undo()


async def told_since(live: LiveCompany, position: int) -> set[str]:
    """Return the events recorded after a position of the log."""
    async with live.company.session() as session:
        rows = await session.scalars(select(Entry).where(Entry.position > position))
        return {str(row.event["type"]) for row in rows}


@MODULE
@pytest.mark.parametrize("name", ACTIONS)
async def test_a_screen_that_follows_shows_what_a_fresh_one_shows(live: LiveCompany, name: str) -> None:
    wanted = ACTIONS[name]
    story = Story(live, await live.customer())
    for first in wanted.first:
        await first(story)
    await live.caught_up()
    for screen in live.screens.values():
        await screen.follow()
    before, heard = (await live.last()).line, len(story.zoe.heard)
    for screen in live.screens.values():
        screen.asked.clear()
    await wanted.act(story)
    if wanted.operation is not None:
        asked = set().union(*(screen.asked for screen in live.screens.values()))
        assert any(ROUTES[wanted.operation].fullmatch(one) for one in asked), f"{wanted.operation}: {asked}"
    await live.caught_up()
    for screen in live.screens.values():
        await live.same(screen)
    assert wanted.tells <= await told_since(live, before)
    if wanted.hidden:
        assert [frame for frame in story.zoe.heard[heard:] if frame["type"] == "happened"] == []


def test_every_event_has_an_action_that_is_verified() -> None:
    every = {one.__struct_config__.tag for one in get_args(Event)}
    assert every == set().union(*(one.tells for one in ACTIONS.values()))


def test_every_route_that_changes_something_is_verified_or_has_a_reason_why_not() -> None:
    """A new route needs an action that names its operation, or a reason in ELSEWHERE."""
    elsewhere = [one for several in ELSEWHERE.values() for one in several]
    verified = [one.operation for one in ACTIONS.values() if one.operation is not None]
    assert sorted([*verified, *elsewhere]) == sorted(ROUTES)
