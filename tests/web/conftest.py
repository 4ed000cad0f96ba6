"""Fixtures of the browser tests: Chromium, a hub, and mail servers on both sides of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import APIResponse, Browser, BrowserContext, Page, StorageState, expect, sync_playwright

from hub.storage.data_folder import prepare
from tests.conftest import short_folder
from tests.web.hub_process import HubProcess
from tests.web.mailbox import CUSTOMER
from tests.web.mailbox import Post
from tests.web.shop import IDENTITY_SECRET
from tests.web.shop import Shop

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WEB = Path(__file__).parents[2] / "hub" / "static" / "app" / "index.html"
PATIENCE = 20_000  # ms; the machine may be busy
LOST_LINE = re.compile("ERR_CONNECTION_REFUSED|ERR_INTERNET_DISCONNECTED|WebSocket connection")
SNAPPY = {"undo_seconds": 5, "language": "en", "theme": "light", "single_keys": True}


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Run one Chromium for all tests of this folder; its event loop would disturb others."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def post() -> Iterator[Post]:
    """Run real mail servers."""
    with Post.running() as running:
        yield running


@pytest.fixture(scope="package")
def hub(post: Post) -> Iterator[HubProcess]:
    """Run a hub on an empty folder, as `hub up` starts it; it stops before its mail servers."""
    assert WEB.exists(), "Build the web files first: sh scripts/setup.sh web"
    with short_folder() as folder:
        prepare(folder)
        process = HubProcess(folder)
        process.start()
        yield process
        process.stop()
        print("\n".join(process.said))


@dataclass(frozen=True)
class InboxSite:
    """The owner's session, and the channels and team set up with it."""

    hub: HubProcess
    state: StorageState
    context: BrowserContext
    csrf: str
    mail_id: str
    chat_id: str
    chat_key: str

    def call(self, method: str, path: str, data: object = None) -> APIResponse:
        """Send a request as the owner's browser does."""
        return call(self.context, self.hub.base, self.csrf, method, path, data)


@pytest.fixture(scope="package")
def site(chromium: Browser, hub: HubProcess, post: Post) -> Iterator[InboxSite]:
    """Sign the owner in by the link in the terminal, and add a team, the mailbox and the chat."""
    context = chromium.new_context(base_url=hub.base)
    me = sign_in(context.new_page(), hub)
    csrf = str(me["csrf"])

    def do(method: str, path: str, data: object) -> dict[str, str]:
        answer = call(context, hub.base, csrf, method, path, data)
        assert answer.ok, f"{method} {path}: {answer.status} {answer.text()}"
        made: dict[str, str] = answer.json() if answer.body() else {}
        return made

    team = do("POST", "/api/teams", {"name": "Support"})
    do("PATCH", f"/api/agents/{me['id']}", {"team_ids": [team["id"]], "name": "Marta Ruiz"})
    do("PATCH", "/api/me", SNAPPY)
    shared = {"team_id": team["id"]}
    mail = do("POST", "/api/channels", {"kind": "email", "name": "Help", "settings": post.account, **shared})
    words = {"site_name": "Aurora Coffee", "identity_secret": IDENTITY_SECRET, "key": uuid4().hex[:24]}
    chat = do("POST", "/api/channels", {"kind": "webchat", "name": "Shop chat", "settings": words, **shared})
    do("PUT", "/api/me/availability", {"intent": "available"})
    yield InboxSite(hub, context.storage_state(), context, csrf, mail["id"], chat["id"], words["key"])
    context.close()


@pytest.fixture
def inbox_page(chromium: Browser, site: InboxSite) -> Iterator[Page]:
    """Open the owner's window; its console must stay free of errors."""
    context = chromium.new_context(
        base_url=site.hub.base,
        storage_state=site.state,
        locale="en-GB",
        viewport={"width": 1440, "height": 900},
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    said = listen(page)
    yield page
    context.close()
    assert said == []


@pytest.fixture
def shop(site: InboxSite) -> Iterator[Shop]:
    """Open a shop's page with the chat, where the customer of the mailbox is signed in."""
    with Shop(site.hub.base, site.chat_key, CUSTOMER).open() as shop:
        yield shop


def sign_in(page: Page, hub: HubProcess) -> dict[str, object]:
    """Sign in by the printed link, which asks for one click."""
    page.goto(hub.sign_in_link())
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="My inbox")).to_be_visible(timeout=PATIENCE)
    me: dict[str, object] = page.request.get(f"{hub.base}/api/me").json()
    page.close()
    return me


def call(context: BrowserContext, base: str, csrf: str, method: str, path: str, data: object = None) -> APIResponse:
    """Send a request to the hub with the context's cookies."""
    headers = {"X-CSRF-Token": csrf, "Idempotency-Key": str(uuid4()), "Origin": base}
    return context.request.fetch(f"{base}{path}", method=method, headers=headers, data=data)


def listen(page: Page) -> list[str]:
    """Collect errors on the page; a lost connection is not one."""
    said: list[str] = []
    page.on("console", lambda one: said.append(one.text) if _is_error(one.type, one.text) else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def _is_error(kind: str, text: str) -> bool:
    return kind == "error" and LOST_LINE.search(text) is None
