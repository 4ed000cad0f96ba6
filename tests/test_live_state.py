"""What a browser has after its snapshot and the events is what it would fetch anew, whatever happens."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args
from uuid import UUID, uuid4

import msgspec
import pytest
import pytest_asyncio
from sqlalchemy import select
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from hub.app import described
from hub.database import new_id, now
from hub.embedded import EmbeddedPostgres
from hub.inbox import delivery, feed
from hub.routing import clocks
from hub.timeline.events import Event
from hub.timeline.models import Entry
from tests.fakes.provider import Provider
from tests.inbox.outgoing import more_kinds
from tests.live_client import Screen
from tests.live_world import Customer, House, open_house, until, watched
from tests.routing.world import make_database

MODULE = pytest.mark.asyncio(loop_scope="module")
Act = Callable[["Story"], Awaitable[None]]


@pytest.fixture(scope="session")
def live_url(postgres: EmbeddedPostgres) -> str:
    return make_database(postgres, "live")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(live_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    hasty = pytest.MonkeyPatch()
    hasty.setattr(feed, "COUNT_EVERY", 0.02)
    provider = Provider()
    await provider.start()
    folder: Path = tmp_path_factory.mktemp("live")
    with more_kinds():
        async with open_house(live_url, folder, provider.url) as opened, watched(opened, "olga", "ann", "zoe") as full:
            PROVIDERS.append(provider)
            yield full
    await provider.stop()
    hasty.undo()


PROVIDERS: list[Provider] = []


@dataclass
class Story:
    """One action, and whom it is about."""

    house: House
    customer: Customer
    mail_id: str = ""

    @property
    def olga(self) -> Screen:
        return self.house.screens["olga"]

    @property
    def ann(self) -> Screen:
        return self.house.screens["ann"]

    @property
    def zoe(self) -> Screen:
        return self.house.screens["zoe"]

    def id_of(self, name: str) -> str:
        return str(self.house.people[name])

    async def put(self, what: str, body: object) -> Any:
        """Ann does something with the conversation."""
        return await self.ann.ask("PUT", f"{self.customer.path}/{what}", body)

    async def reply(self, **more: object) -> str:
        written = {**self.customer.reply(), "undo_seconds": 30, **more}
        await self.ann.ask("POST", f"{self.customer.path}/replies", written)
        return str(written["id"])

    async def note(self, *mentions: str) -> None:
        written = {"id": str(new_id()), "text": "Look at this.", "mentions": [self.id_of(name) for name in mentions]}
        await self.ann.ask("POST", f"{self.customer.path}/notes", written)

    async def assign(self, agent: str | None = None, team: UUID | None = None) -> None:
        body = {"agent_id": self.id_of(agent) if agent else None, "team_id": str(team) if team else None}
        await self.olga.ask("PUT", f"{self.customer.path}/assignment", body)

    async def snooze(self) -> None:
        await self.put("snooze", {"until": (now() + timedelta(hours=1)).isoformat()})

    async def resolve(self) -> None:
        await self.put("resolution", {})

    async def sent(self, *script: str) -> None:
        """Answer, and let the out-tray work until the message has come as far as it will."""
        provider = PROVIDERS[-1]
        provider.script.extend(script)
        await self.house.caught_up(self.ann)
        await self.ann.follow()  # so that the history is on her screen
        message_id = await self.reply(undo_seconds=0)
        wanted = {"sent", "failed", "doubtful"}

        def there() -> bool:
            thread = self.ann.state.threads[self.customer.contact_id]
            return thread.get(message_id, {}).get("status") in wanted

        async with _sending(self.house):
            await until(there)
        provider.script.clear()

    async def delivery(self, state: str) -> str:
        """The id of this conversation's delivery in a state."""
        page = await self.olga.ask("GET", f"/deliveries?state={state}")
        return str(next(one["id"] for one in page["items"] if one["conversation_id"] == self.customer.conversation_id))


@asynccontextmanager
async def _sending(house: House) -> AsyncIterator[None]:
    stop = asyncio.Event()
    loop = asyncio.create_task(delivery.run(house.ground, stop))
    try:
        yield
    finally:
        stop.set()
        await loop


@dataclass
class Action:
    """Something that changes state: what happens first, what is verified, and which events must tell of it."""

    act: Act
    tells: frozenset[str]
    first: tuple[Act, ...] = ()
    hidden: bool = True  # an agent of another team hears nothing of it


ACTIONS: dict[str, Action] = {}


def action(*tells: str, first: tuple[Act, ...] = (), hidden: bool = True) -> Callable[[Act], Act]:
    def add(act: Act) -> Act:
        ACTIONS[act.__name__] = Action(act, frozenset(tells), first, hidden)
        return act

    return add


# --- answers and notes -------------------------------------------------------------------------


@action("message_queued", "conversation_assigned")
async def reply(story: Story) -> None:
    await story.reply()


async def _undo(story: Story) -> None:
    message_id = await story.reply()
    await story.ann.ask("DELETE", f"/messages/{message_id}/queued")


@action("message_unsent")
async def undo(story: Story) -> None:
    await _undo(story)


@action("message_queued", "conversation_resolved")
async def reply_and_resolve(story: Story) -> None:
    await story.reply(resolve=True)


@action("message_unsent", "conversation_reopened")
async def undo_of_a_reply_that_resolved(story: Story) -> None:
    message_id = await story.reply(resolve=True)
    await story.ann.ask("DELETE", f"/messages/{message_id}/queued")


@action("note_added")
async def note(story: Story) -> None:
    await story.note("olga", "ben")


async def _mention_ann(story: Story) -> None:
    written = {"id": str(new_id()), "text": "Ann?", "mentions": [story.id_of("ann")]}
    await story.olga.ask("POST", f"{story.customer.path}/notes", written)


@action("note_added")
async def note_that_mentions_who_looks(story: Story) -> None:
    await _mention_ann(story)


# --- whose it is -------------------------------------------------------------------------------


async def _claim(story: Story) -> None:
    await story.ann.ask("POST", f"{story.customer.path}/claim")


@action("conversation_assigned")
async def claim(story: Story) -> None:
    await _claim(story)


@action("conversation_assigned")
async def assign_to_an_agent(story: Story) -> None:
    await story.assign("ben", story.house.east)


@action("conversation_assigned", first=(_claim,))
async def assign_to_the_teams_queue(story: Story) -> None:
    await story.assign(None, story.house.east)


@action("conversation_assigned", first=(_claim,), hidden=False)
async def transfer_out_of_sight(story: Story) -> None:
    await story.assign(None, story.house.west)
    await story.house.caught_up()
    assert story.customer.conversation_id not in story.ann.state.rows
    assert story.customer.conversation_id in story.zoe.state.rows


@action("conversation_assigned", first=(_mention_ann,), hidden=False)
async def transfer_of_one_with_a_mention_out_of_sight(story: Story) -> None:
    await story.assign(None, story.house.west)


@action("conversation_assigned", hidden=False)
async def assign_to_an_agent_of_another_team(story: Story) -> None:
    await story.assign("zoe", story.house.east)


async def _to_zoe(story: Story) -> None:
    await story.assign("zoe", story.house.east)


@action("conversation_assigned", first=(_to_zoe,), hidden=False)
async def take_from_an_agent_of_another_team(story: Story) -> None:
    await story.assign("ben", story.house.east)
    await story.house.caught_up()
    assert story.customer.conversation_id not in story.zoe.state.rows


async def _write_again(story: Story) -> None:
    """The same customer begins a second conversation, by mail to the same contact."""
    sender = story.house.fresh_name("twice")
    await story.house.mailed(sender)
    first = await story.house.known("mailto", f"{sender}@x.test", story.house.mailbox)
    await story.house.mailed(sender, "And another thing.")
    story.customer = first


async def _second_to_the_west(story: Story) -> None:
    await _write_again(story)
    await story.assign(None, story.house.west)


@action("conversation_assigned", first=(_second_to_the_west,), hidden=False)
async def transfer_into_sight_of_one_of_a_customers_two(story: Story) -> None:
    await story.assign(None, story.house.east)


@action("conversation_assigned", first=(_write_again,), hidden=False)
async def transfer_out_of_sight_of_one_of_a_customers_two(story: Story) -> None:
    await story.assign(None, story.house.west)


# --- how it stands -----------------------------------------------------------------------------


async def _resolve(story: Story) -> None:
    await story.resolve()


async def _snooze(story: Story) -> None:
    await story.snooze()


@action("conversation_resolved")
async def resolve(story: Story) -> None:
    await story.resolve()


@action("conversation_reopened", first=(_resolve,))
async def reopen(story: Story) -> None:
    await story.ann.ask("DELETE", f"{story.customer.path}/resolution")


@action("conversation_snoozed")
async def snooze(story: Story) -> None:
    await story.snooze()


@action("conversation_woken", first=(_snooze,))
async def wake(story: Story) -> None:
    await story.ann.ask("DELETE", f"{story.customer.path}/snooze")


@action("conversation_woken", first=(_claim, _snooze))
async def wake_by_time(story: Story) -> None:
    await story.house.change(story.customer.conversation_id, snoozed_until=now() - timedelta(seconds=1))
    await clocks.sweep(story.house.ground)


@action("tags_changed")
async def tag(story: Story) -> None:
    await story.ann.ask("PATCH", f"{story.customer.path}/tags", {"add": ["urgent", story.customer.value]})


async def _tag(story: Story) -> None:
    await tag(story)


@action("tags_changed", first=(_tag,))
async def untag(story: Story) -> None:
    await story.ann.ask("PATCH", f"{story.customer.path}/tags", {"remove": ["urgent"]})


async def _read(story: Story) -> None:
    await story.put("read", {"inbound_read": 1})


@action("read_marked")
async def read(story: Story) -> None:
    await _read(story)


@action("read_marked", first=(_mention_ann,))
async def read_what_one_is_mentioned_in(story: Story) -> None:
    await _read(story)


@action("read_marked", first=(_read,))
async def unread(story: Story) -> None:
    await story.put("read", {"inbound_read": 0, "back": True})


async def _draft(story: Story) -> None:
    await story.put("draft", {"channel_id": None, "text": "Dear"})


@action("draft_kept")
async def draft(story: Story) -> None:
    await _draft(story)


@action("draft_dropped", first=(_draft,))
async def drop_draft(story: Story) -> None:
    await story.put("draft", {"channel_id": None, "text": ""})


@action("draft_dropped", first=(_draft,))
async def draft_becomes_a_note(story: Story) -> None:
    await story.note()


# --- what comes in -----------------------------------------------------------------------------


async def _mail(story: Story) -> None:
    sender = story.house.fresh_name("mailer")
    story.mail_id = await story.house.mailed(sender)
    story.customer = await story.house.known("mailto", f"{sender}@x.test", story.house.mailbox)
    story.customer.value = sender


async def _answer(story: Story) -> None:
    await story.house.mailed(story.customer.value, "One more thing.", more=f"In-Reply-To: {story.mail_id}\r\n")


@action("conversation_opened", "message_received")
async def mail_of_a_new_customer(story: Story) -> None:
    await _mail(story)


@action("message_received", first=(_mail,))
async def mail_that_answers(story: Story) -> None:
    await _answer(story)


@action("conversation_reopened", "message_received", first=(_mail, _resolve))
async def mail_that_reopens(story: Story) -> None:
    await _answer(story)


@action("conversation_woken", "message_received", first=(_mail, _snooze))
async def mail_that_wakes(story: Story) -> None:
    await _answer(story)


async def _mail_twice_without_a_name(story: Story) -> None:
    """Two conversations of one customer whose name nobody knows yet."""
    sender = f"{story.house.fresh_name('nameless')}@x.test"
    story.customer.value = sender
    for text in ("One", "Two"):
        raw = f"From: {sender}\r\nTo: help@hub.test\r\nMessage-ID: <{new_id()}@x.test>\r\n\r\n{text}\r\n"
        await story.house.take(story.house.mailbox, raw.encode())


@action("conversation_opened", "contact_changed", first=(_mail_twice_without_a_name,))
async def mail_that_names_a_customer(story: Story) -> None:
    raw = f"From: Nell <{story.customer.value}>\r\nTo: help@hub.test\r\nMessage-ID: <{new_id()}@x.test>\r\n\r\nI\r\n"
    await story.house.take(story.house.mailbox, raw.encode())


async def _chat(story: Story) -> None:
    made = await story.olga.ask(
        "POST",
        "/channels",
        {
            "kind": "webchat",
            "name": "Chat",
            "settings": {"site_name": "Aurora"},
            "team_id": str(story.house.east),
        },
    )
    base, key = story.house.base, made["embed"]["key"]
    answer = await story.ann.http.post(f"http://{base}/api/chat/{key}/visitors", json={})
    story.mail_id = f"ws://{base}/api/chat/{key}/socket {answer.json()['token']}"


@action("conversation_opened", "message_received", first=(_chat,))
async def chat_message(story: Story) -> None:
    url, token = story.mail_id.split()
    offer = [Subprotocol("hub.chat.v1"), Subprotocol(f"token.{token}")]
    async with connect(url, subprotocols=offer, compression=None) as line:
        await line.send(json.dumps({"type": "hello", "cursor": None}))
        await line.send(json.dumps({"type": "say", "id": str(uuid4()), "text": "Hello?", "attachment_ids": []}))
        async with asyncio.timeout(6):
            while json.loads(await line.recv())["type"] != "ack":
                continue


# --- customers ---------------------------------------------------------------------------------


async def _with_another(story: Story) -> None:
    story.mail_id = (await story.house.customer()).contact_id


async def _merge(story: Story) -> None:
    await story.ann.ask("POST", f"/contacts/{story.mail_id}/merge", {"into": story.customer.contact_id})


@action("contacts_merged", first=(_with_another,))
async def merge_contacts(story: Story) -> None:
    await _merge(story)


@action("contacts_merged", first=(_mail_twice_without_a_name,))
async def merge_that_brings_a_name(story: Story) -> None:
    nameless = await story.house.known("mailto", story.customer.value, story.house.mailbox)
    await _mail(story)
    await story.ann.ask("POST", f"/contacts/{story.customer.contact_id}/merge", {"into": nameless.contact_id})


@action("contacts_unmerged", first=(_with_another, _merge))
async def unmerge_contacts(story: Story) -> None:
    await story.ann.ask("DELETE", f"/contacts/{story.mail_id}/merge")


@action("contact_changed", first=(_write_again,))
async def rename_contact(story: Story) -> None:
    await story.ann.ask("PATCH", f"/contacts/{story.customer.contact_id}", {"name": "Cleopatra"})


# --- what becomes of answers -------------------------------------------------------------------


@action("message_moved")
async def delivery_sent(story: Story) -> None:
    await story.sent()


@action("message_moved")
async def delivery_failed(story: Story) -> None:
    await story.sent("400")


async def _failed(story: Story) -> None:
    await story.sent("400")


async def _doubtful(story: Story) -> None:
    await story.sent("lost")


async def _sent(story: Story) -> None:
    await story.sent()


@action("message_moved")
async def delivery_doubtful(story: Story) -> None:
    await story.sent("lost")


@action("message_moved", first=(_failed,))
async def delivery_again(story: Story) -> None:
    await story.olga.ask("POST", f"/deliveries/{await story.delivery('failed')}/retry")


@action("message_moved", first=(_doubtful,))
async def delivery_settled_by_hand(story: Story) -> None:
    await story.olga.ask("PUT", f"/deliveries/{await story.delivery('doubtful')}/settlement", {"sent": True})


@action("message_moved", first=(_sent,))
async def delivery_receipt(story: Story) -> None:
    items = story.ann.state.threads[story.customer.contact_id].values()
    last = max((item for item in items if item["type"] == "message"), key=lambda item: item["key"])
    receipt = {"id": f"p-{last['id']}", "sender": "receipt", "text": ""}
    await story.house.take(story.house.post, msgspec.json.encode(receipt))


# --- people, teams and channels ----------------------------------------------------------------


async def _invite(story: Story) -> None:
    name = story.house.fresh_name("agent")
    new = {"name": name, "email": f"{name}@hub.test", "role": "agent", "team_ids": [str(story.house.east)]}
    story.mail_id = (await story.olga.ask("POST", "/agents", new))["agent"]["id"]


async def _change(story: Story, **values: object) -> None:
    await story.olga.ask("PATCH", f"/agents/{story.mail_id}", values)


@action("agent_changed", hidden=False)
async def invite_agent(story: Story) -> None:
    await _invite(story)


@action("agent_changed", first=(_invite,), hidden=False)
async def rename_agent(story: Story) -> None:
    await _change(story, name="Another")


@action("agent_changed", first=(_invite,), hidden=False)
async def disable_agent(story: Story) -> None:
    await _change(story, disabled=True)


@action("agent_changed", "team_changed", first=(_invite,), hidden=False)
async def move_agent(story: Story) -> None:
    await _change(story, team_ids=[str(story.house.west)])


@action("agent_changed", hidden=False)
async def change_oneself(story: Story) -> None:
    await story.ann.ask("PATCH", "/me", {"name": story.house.fresh_name("Ann")})


@action("availability_changed", hidden=False)
async def availability(story: Story) -> None:
    intent = "offline" if story.ann.state.agents[story.ann.agent_id]["intent"] == "away" else "away"
    await story.ann.ask("PUT", "/me/availability", {"intent": intent})


async def _team(story: Story) -> None:
    story.mail_id = (await story.olga.ask("POST", "/teams", {"name": story.house.fresh_name("team")}))["id"]


@action("team_changed", hidden=False)
async def add_team(story: Story) -> None:
    await _team(story)


@action("team_changed", first=(_team,), hidden=False)
async def rename_team(story: Story) -> None:
    await story.olga.ask("PATCH", f"/teams/{story.mail_id}", {"name": story.house.fresh_name("renamed")})


async def _full_team(story: Story) -> None:
    """A team that has a member and a conversation."""
    await _team(story)
    team, west = story.mail_id, str(story.house.west)
    await story.olga.ask("PATCH", f"/agents/{story.id_of('zoe')}", {"team_ids": [west, team]})
    await story.assign(None, UUID(team))


@action("team_changed", first=(_full_team,), hidden=False)
async def remove_team(story: Story) -> None:
    await story.olga.ask("DELETE", f"/teams/{story.mail_id}")


@action("agent_changed", first=(_team,), hidden=False)
async def membership_of_who_looks(story: Story) -> None:
    """Somebody who joins a team sees what is the team's, and who leaves it sees it no longer."""
    await story.assign(None, UUID(story.mail_id))
    resets = _count(story.ann)
    for teams in ([str(story.house.east), story.mail_id], [str(story.house.east)]):
        await story.olga.ask("PATCH", f"/agents/{story.id_of('ann')}", {"team_ids": teams})
        resets += 1
        await _resets(story.ann, resets)
        await story.house.same(story.ann)
        assert (story.customer.conversation_id in story.ann.state.rows) == (story.mail_id in teams)


def _count(screen: Screen) -> int:
    return sum(frame["type"] == "reset" for frame in screen.heard)


async def _resets(screen: Screen, many: int) -> None:
    await until(lambda: _count(screen) >= many, within=2)


async def _channel(story: Story) -> None:
    new = {"kind": "webchat", "name": "Chat", "settings": {"site_name": "Aurora"}}
    story.mail_id = (await story.olga.ask("POST", "/channels", new))["id"]


@action("channel_changed", hidden=False)
async def add_channel(story: Story) -> None:
    await _channel(story)


@action("channel_changed", first=(_channel,), hidden=False)
async def change_channel(story: Story) -> None:
    await story.olga.ask("PATCH", f"/channels/{story.mail_id}", {"name": "Talk", "team_id": str(story.house.west)})


async def _pause(story: Story) -> None:
    await story.olga.ask("PUT", f"/channels/{story.mail_id}/pause")


@action("channel_changed", first=(_channel,), hidden=False)
async def pause_channel(story: Story) -> None:
    await _pause(story)


@action("channel_changed", first=(_channel, _pause), hidden=False)
async def resume_channel(story: Story) -> None:
    await story.olga.ask("DELETE", f"/channels/{story.mail_id}/pause")


@action("channel_changed", first=(_channel,), hidden=False)
async def archive_channel(story: Story) -> None:
    await story.olga.ask("DELETE", f"/channels/{story.mail_id}")


# --- what they ask for -------------------------------------------------------------------------

OPERATIONS = {
    "reply": "reply",
    "undo": "undo_reply",
    "note": "add_note",
    "claim": "claim",
    "assign_to_an_agent": "assign",
    "resolve": "resolve",
    "reopen": "reopen",
    "snooze": "snooze",
    "wake": "wake",
    "tag": "change_tags",
    "read": "mark_read",
    "draft": "keep_draft",
    "merge_contacts": "mergeContact",
    "unmerge_contacts": "unmergeContact",
    "rename_contact": "renameContact",
    "delivery_again": "retryDelivery",
    "delivery_settled_by_hand": "settleDelivery",
    "invite_agent": "add_agent",
    "rename_agent": "change_agent",
    "change_oneself": "change_me",
    "availability": "set_availability",
    "add_team": "add_team",
    "rename_team": "rename_team",
    "remove_team": "remove_team",
    "add_channel": "addChannel",
    "change_channel": "changeChannel",
    "pause_channel": "pauseChannel",
    "resume_channel": "resumeChannel",
    "archive_channel": "archiveChannel",
}

ELSEWHERE = {
    "signs somebody in or out, or changes how they do: no screen but their own shows it": (
        *("sign_in", "sign_out", "sign_in_by_link", "look_at_link", "use_link", "ask_password_reset"),
        *("change_password", "end_my_session", "end_my_other_sessions", "invite_again", "add_token", "revoke_token"),
    ),
    "admits a visitor, of whom nothing is shown until they speak": ("ChatAdmit",),
    "keeps a file that no message has yet: the message that takes it along tells of it": (
        *("uploadAttachment", "ChatUpload"),
    ),
    "tries settings out and changes nothing": ("testSettings", "testChannel"),
    "takes teams away, at which every screen looks afresh: remove_team verifies that": ("clearDemo",),
    "hands something to intake, whose messages are verified above": (
        *("receiveCallback", "DemoSendMail", "retryArrival"),
    ),
}


def _routes() -> dict[str, re.Pattern[str]]:
    """Every operation that changes something, and how a request for it looks."""
    found: dict[str, re.Pattern[str]] = {}
    for path, item in (described().paths or {}).items():
        shape = re.sub(r"\{[^}]+\}", "[^/]+", path.removeprefix("/api"))
        for method in ("post", "put", "patch", "delete"):
            operation = getattr(item, method)
            if path.startswith("/api/") and operation is not None:
                found[operation.operation_id] = re.compile(f"{method.upper()} {shape}")
    return found


ROUTES = _routes()


# --- the tests ---------------------------------------------------------------------------------


async def told_since(house: House, position: int) -> set[str]:
    """The events recorded after a line of the log."""
    async with house.world.session() as session:
        rows = await session.scalars(select(Entry).where(Entry.position > position))
        return {str(row.event["type"]) for row in rows}


@MODULE
@pytest.mark.parametrize("name", ACTIONS)
async def test_a_screen_that_follows_shows_what_a_fresh_one_shows(house: House, name: str) -> None:
    wanted = ACTIONS[name]
    story = Story(house, await house.customer())
    for first in wanted.first:
        await first(story)
    await house.caught_up()
    for screen in house.screens.values():
        await screen.follow()
    before, heard = (await house.last()).line, len(story.zoe.heard)
    for screen in house.screens.values():
        screen.asked.clear()
    await wanted.act(story)
    if name in OPERATIONS:
        asked = set().union(*(screen.asked for screen in house.screens.values()))
        assert any(ROUTES[OPERATIONS[name]].fullmatch(one) for one in asked), f"{OPERATIONS[name]}: {asked}"
    await house.caught_up()
    for screen in house.screens.values():
        await house.same(screen)
    assert wanted.tells <= await told_since(house, before)
    if wanted.hidden:
        assert [frame for frame in story.zoe.heard[heard:] if frame["type"] == "happened"] == []


def test_every_event_has_an_action_that_is_verified() -> None:
    every = {one.__struct_config__.tag for one in get_args(Event)}
    assert every == set().union(*(one.tells for one in ACTIONS.values()))


def test_every_route_that_changes_something_is_verified_or_has_a_reason_why_not() -> None:
    """A route that is added has to be named above, with the action that verifies it."""
    elsewhere = [one for several in ELSEWHERE.values() for one in several]
    assert OPERATIONS.keys() <= ACTIONS.keys()
    assert sorted([*OPERATIONS.values(), *elsewhere]) == sorted(ROUTES)
