"""A browser without a screen: it fetches, listens and applies frames exactly as web/live/reduce.ts does."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Self

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

Json = dict[str, Any]
OWN_VIEWS = ("mine", "unassigned", "mentions", "snoozed", "open", "resolved")
OPEN = 3  # customers whose history is on the screen
RANKS = {"queued": 0, "sending": 1, "doubtful": 2, "failed": 3, "sent": 4, "delivered": 5, "read": 6}


@dataclass
class LiveState:
    """The state of the inbox: rows by id, views as lists of ids, one timeline for each customer."""

    cursor: str = ""
    rows: dict[str, Json] = field(default_factory=dict)
    views: dict[str, list[str]] = field(default_factory=dict)
    threads: dict[str, dict[str, Json]] = field(default_factory=dict)
    counts: Json = field(default_factory=dict)
    agents: dict[str, Json] = field(default_factory=dict)
    teams: dict[str, Json] = field(default_factory=dict)
    channels: dict[str, Json] = field(default_factory=dict)
    kinds: dict[str, Json] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)
    online: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)
    resets: int = 0

    def begin(self, inbox: Json) -> None:
        self.cursor, self.counts, self.tags = inbox["cursor"], inbox["counts"], set(inbox["tags"])
        self.agents, self.teams = by_id(inbox["agents"]), by_id(inbox["teams"])
        self.channels, self.kinds = by_id(inbox["channels"]), dict(inbox["kinds"])
        self.online = {agent["id"] for agent in inbox["agents"] if agent["online"]}

    def apply(self, frame: Json) -> None:
        match frame["type"]:
            case "happened":
                self._happened(frame)
            case "counted":
                self.counts = frame["counts"]
            case "present":
                self.online = set(frame["online"])
            case "reset":
                self.cursor = frame["cursor"]
                self.resets += 1

    def _happened(self, frame: Json) -> None:
        if frame["listed"]:
            if frame["event"]["type"] == "conversation_assigned" and frame["listed"]["row"]["id"] not in self.rows:
                self.threads.pop(frame["listed"]["row"]["contact"]["id"], None)
            self.put_row(frame["listed"])
        elif frame["conversation_id"]:
            self._drop_row(frame["conversation_id"])
        if frame["item"]:
            self._put_item(frame["item"])
        self._put_brought(frame)
        self._remove(frame["event"], frame)
        self._consequences(frame["event"], frame)
        self.cursor = frame["cursor"]

    def _put_brought(self, frame: Json) -> None:
        for kind, known in (("agent", self.agents), ("team", self.teams), ("channel", self.channels)):
            if frame[kind]:
                known[frame[kind]["id"]] = frame[kind]
        if frame["channel"]:
            self.kinds[frame["channel"]["kind"]] = frame["channel"]["appearance"]

    def _rename(self, who: str, name: str) -> None:
        for thread in self.threads.values():
            for id_, item in thread.items():
                if item["author"]["id"] == who:
                    thread[id_] = {**item, "author": {**item["author"], "name": name}}

    def _consequences(self, event: Json, frame: Json) -> None:
        if frame["agent"]:
            self._rename(frame["agent"]["id"], frame["agent"]["name"])
        match event["type"]:
            case "contact_changed":
                self.touched.add(event["contact_id"])
                if frame["listed"]:
                    self._rename(event["contact_id"], frame["listed"]["row"]["contact"]["name"])
            case "contacts_merged" | "contacts_unmerged":
                for contact in (event["source_id"], event["target_id"]):
                    self.threads.pop(contact, None)
                    self.touched.add(contact)
            case "tags_changed":
                self.tags |= set(event["added"])

    def _remove(self, event: Json, frame: Json) -> None:
        for kind, known in (("team", self.teams), ("channel", self.channels)):
            if event["type"] == f"{kind}_changed" and not frame[kind]:
                known.pop(event[f"{kind}_id"], None)

    def put_row(self, listed: Json) -> None:
        id_, version = listed["row"]["id"], listed["row"]["version"]
        known = self.rows.get(id_)
        if known and known["row"]["version"] > version:
            return
        self._take_out(id_)
        self.rows[id_] = listed
        for key in views_of(listed):
            if key in self.views and id_ not in self.views[key]:
                self.views[key] = in_order(self.rows, [*self.views[key], id_])

    def _take_out(self, id_: str) -> None:
        for ids in self.views.values():
            if id_ in ids:
                ids.remove(id_)

    def _drop_row(self, id_: str) -> None:
        self._take_out(id_)
        gone = self.rows.pop(id_, None)
        thread = self.threads.get(gone["row"]["contact"]["id"], {}) if gone else {}
        for item in [item for item in thread.values() if item["conversation_id"] == id_]:
            del thread[item["id"]]

    def _put_item(self, item: Json) -> None:
        if item["contact_id"] in self.threads:
            self.threads[item["contact_id"]][item["id"]] = item

    def with_page(self, key: str, page: Json) -> None:
        for listed in page["items"]:
            known = self.rows.get(listed["row"]["id"])
            if not known or known["row"]["version"] <= listed["row"]["version"]:
                self.rows[listed["row"]["id"]] = listed
        self.views[key] = in_order(self.rows, [listed["row"]["id"] for listed in page["items"]])

    def with_timeline(self, contact: str, page: Json) -> None:
        thread = self.threads.setdefault(contact, {})
        for item in page["items"]:
            thread[item["id"]] = further(thread.get(item["id"]), item)


def by_id(items: Iterable[Json]) -> dict[str, Json]:
    return {item["id"]: item for item in items}


def views_of(listed: Json) -> list[str]:
    return list(listed["mine"]["views"])


def in_order(rows: dict[str, Json], ids: Iterable[str]) -> list[str]:
    """Sort by newest activity, then by id."""
    return sorted(ids, key=lambda id_: (rows[id_]["row"]["last_at"], id_), reverse=True)


def further(known: Json | None, item: Json) -> Json:
    """Return the newer of two copies of one item."""
    return known if known and rank(known) > rank(item) else item


def rank(item: Json) -> int:
    return 9 if item.get("removed") else RANKS.get(item.get("status") or "", 0)


@dataclass
class Screen:
    """One agent's browser: signed in, with everything open that they may see."""

    base: str
    agent_id: str
    cookie: str
    csrf: str
    http: httpx.AsyncClient
    state: LiveState = field(default_factory=LiveState)
    heard: list[Json] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    close_code: int | None = None
    connected: int = 0
    _line: ClientConnection | None = None
    _reader: "asyncio.Task[None] | None" = None

    @classmethod
    @asynccontextmanager
    async def signed_in(cls, base: str, agent_id: str, cookie: str, csrf: str) -> AsyncIterator[Self]:
        headers = {"Origin": f"http://{base}", "X-CSRF-Token": csrf, "Cookie": f"hub_session={cookie}"}
        async with httpx.AsyncClient(base_url=f"http://{base}", headers=headers, timeout=20) as http:
            screen = cls(base, agent_id, cookie, csrf, http)
            try:
                yield screen
            finally:
                await screen.hang_up()

    async def ask(self, method: str, path: str, json_: object = None, expect: int | None = None) -> Any:
        """Send a request; return the JSON of the response."""
        answer = await self.http.request(method, f"/api{path}", json=json_)
        if expect is not None:
            assert answer.status_code == expect, answer.text
        else:
            assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        if method != "GET":
            self.asked.add(f"{method} {path.partition('?')[0]}")
        return answer.json() if answer.content else None

    async def snapshot(self) -> LiveState:
        """Load everything again."""
        state = LiveState()
        state.begin(await self.ask("GET", "/inbox"))
        for key, query in views_to_show(state):
            state.with_page(key, await self.ask("GET", f"/conversations?{query}&limit=200"))
        await self.open_threads(state)
        return state

    async def open_threads(self, state: LiveState) -> None:
        """Open the customers with the newest messages, in as many tabs."""
        for id_ in in_order(state.rows, state.rows)[:OPEN]:
            await self.open_thread(state, state.rows[id_]["row"])

    async def open_thread(self, state: LiveState, row: Json) -> None:
        if row["contact"]["id"] not in state.threads:
            page = await self.ask("GET", f"/conversations/{row['id']}/timeline?limit=200")
            state.with_timeline(row["contact"]["id"], page)

    async def load(self) -> None:
        """Load everything and show it."""
        self.state = await self.snapshot()

    async def follow(self) -> None:
        """Do what the app does after frames: load timelines again that were dropped, or everything after a reset."""
        if self.state.resets:
            await self.load()
        await self.open_threads(self.state)

    async def listen(self, after: str | None = None) -> None:
        """Open the websocket after a cursor."""
        url = f"ws://{self.base}/api/live?after={after or self.state.cursor}"
        cookie = {"Cookie": f"hub_session={self.cookie}"}
        self._line = await connect(
            url, origin=Origin(f"http://{self.base}"), additional_headers=cookie, max_size=None, compression=None
        )
        self.close_code = None
        self.connected += 1
        self._reader = asyncio.create_task(self._read(self._line))

    async def _read(self, line: ClientConnection) -> None:
        try:
            async for text in line:
                for frame in json.loads(text):
                    self.heard.append(frame)
                    self.state.apply(frame)
        except ConnectionClosed:
            pass
        finally:
            self.close_code = line.close_code

    async def settled(self) -> None:
        """Wait until everything that the server has written so far is applied."""
        assert self._line is not None
        with suppress(ConnectionClosed):
            await (await self._line.ping())
        for _ in range(3):
            await asyncio.sleep(0)

    async def closed(self, within: float) -> int | None:
        """Wait until the server has closed the websocket; return its code."""
        assert self._reader is not None
        async with asyncio.timeout(within):
            await asyncio.wait({self._reader})
        return self.close_code

    async def say(self, text: str) -> None:
        assert self._line is not None
        await self._line.send(text)

    def cut(self) -> None:
        """Break the connection without a close frame, as a lost network does."""
        assert self._line is not None
        self._line.transport.abort()

    async def hang_up(self) -> None:
        if self._line is not None:
            await self._line.close()
        if self._reader is not None:
            await asyncio.wait({self._reader})


def views_to_show(state: LiveState) -> list[tuple[str, str]]:
    """List the agent's own views, and those of the first two teams and of the first channel."""
    own = [(view, f"view={view}") for view in OWN_VIEWS]
    teams = [(f"team:{id_}", f"view=team&of={id_}") for id_ in list(state.teams)[:2]]
    return own + teams + [(f"channel:{id_}", f"view=channel&of={id_}") for id_ in list(state.channels)[:1]]
