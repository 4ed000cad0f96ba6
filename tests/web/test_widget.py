import gzip
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from hub.visitors.identity import sign
from hub.storage.embedded_postgres import EmbeddedPostgres
from tests.support.database import make_database
from tests.web.widget_host import Host

pytestmark = pytest.mark.browser
WEB = Path(__file__).parents[2] / "web"
WIDGET = WEB.parent / "hub" / "static" / "widget" / "chat.js"


@pytest.fixture(scope="module", autouse=True)
def built() -> Path:
    """Return the folder of the widget, built from the current sources."""
    npx = Path(sys.executable).with_name("npx")
    command = [str(npx), "vite", "build", "--config", "vite.widget.config.ts", "--logLevel", "error"]
    path = f"{npx.parent}:/usr/bin:/bin"
    subprocess.run(command, cwd=WEB, check=True, env={"PATH": path, "HOME": "/tmp"}, timeout=120)
    return WIDGET


@pytest.fixture(scope="module")
def widget_url(postgres: EmbeddedPostgres) -> str:
    with ThreadPoolExecutor(1) as aside:  # Chromium's event loop runs in this thread
        return aside.submit(make_database, postgres, "widget").result()


@pytest.fixture
def host(widget_url: str, tmp_path: Path) -> Iterator[Host]:
    running = Host(widget_url, tmp_path)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    opened = chromium.new_context(locale="en-GB", viewport={"width": 1200, "height": 800}, reduced_motion="reduce")
    opened.set_default_timeout(8000)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Open a page whose console must stay free of errors."""
    said: list[str] = []
    opened = context.new_page()
    opened.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
    opened.on("pageerror", lambda e: said.append(str(e)))
    yield opened
    said = [one for one in said if "ERR_INTERNET_DISCONNECTED" not in one]
    assert said == []


def field(page: Page) -> object:
    return page.get_by_role("textbox", name="Write a message")


def say(page: Page, text: str) -> None:
    page.get_by_role("textbox", name=re.compile("Write a message|Escribe un mensaje")).fill(text)
    page.keyboard.press("Enter")


def bodies(host: Host) -> list[str]:
    return [m.body for m in host.do(lambda site: site.messages())]


def wait_for(host: Host, *wanted: str) -> None:
    deadline = time.monotonic() + 10
    while bodies(host) != list(wanted) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert bodies(host) == list(wanted)


def test_the_widget_weighs_less_than_eleven_kilobytes() -> None:
    assert len(gzip.compress(WIDGET.read_bytes(), 9)) < 11_000


def test_a_conversation_under_the_strictest_policy(host: Host, page: Page) -> None:
    page.goto(host.page())
    page.get_by_role("button", name="Open chat").click()
    dialog = page.get_by_role("dialog", name="Aurora")
    expect(dialog.get_by_text("Hi! How can we help?")).to_be_visible()
    say(page, "Where is my order? <b>https://shop.example/48213</b>")
    expect(dialog.get_by_text(re.compile("Sent$"))).to_be_visible()
    expect(dialog.get_by_role("link", name="https://shop.example/48213")).to_be_visible()
    host.do(lambda site: site.answer("On its way: **tomorrow**"))
    expect(dialog.get_by_role("log").get_by_text("On its way: tomorrow")).to_be_visible()
    wait_for(host, "Where is my order? <b>https://shop.example/48213</b>", "On its way: **tomorrow**")


def test_the_message_is_read_when_it_is_looked_at(host: Host, page: Page) -> None:
    page.goto(host.page())
    page.get_by_role("button", name="Open chat").click()
    say(page, "hello")
    wait_for(host, "hello")
    host.do(lambda site: site.answer("hi"))
    expect(page.get_by_role("log").get_by_text("hi", exact=True)).to_be_visible()
    deadline = time.monotonic() + 5
    while host.do(lambda site: site.messages())[-1].status != "read" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert host.do(lambda site: site.messages())[-1].status == "read"


def test_a_message_written_offline_survives_a_reload_and_arrives_once(
    host: Host, page: Page, context: BrowserContext
) -> None:
    page.goto(host.page())
    page.get_by_role("button", name="Open chat").click()
    say(page, "before")
    wait_for(host, "before")
    context.set_offline(True)
    page.evaluate("() => document.querySelector('hub-chat').shadowRoot.querySelector('textarea').focus()")
    say(page, "one, offline")
    say(page, "two, offline")
    expect(page.get_by_text("No connection.", exact=False)).to_be_visible()
    context.set_offline(False)
    page.reload()
    dialog = page.get_by_role("dialog", name="Aurora")
    expect(dialog.get_by_text("two, offline")).to_be_visible()
    wait_for(host, "before", "one, offline", "two, offline")
    expect(dialog.get_by_text(re.compile("Sent$"))).to_have_count(3)
    page.reload()
    expect(dialog.get_by_text("two, offline")).to_have_count(1)


def test_an_answer_while_the_chat_is_closed_shows_on_the_launcher_in_every_tab(
    host: Host, page: Page, context: BrowserContext
) -> None:
    page.goto(host.page())
    page.get_by_role("button", name="Open chat").click()
    say(page, "hello")
    wait_for(host, "hello")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    second = context.new_page()
    second.goto(host.page())
    host.do(lambda site: site.answer("hi"))
    for tab in (page, second):
        expect(tab.get_by_role("button", name="Open chat, 1 new message")).to_be_visible()
    second.get_by_role("button", name="Open chat, 1 new message").click()
    expect(page.get_by_role("button", name="Open chat", exact=True)).to_be_visible()


def test_escape_gives_the_focus_back(host: Host, page: Page) -> None:
    page.goto(host.page())
    page.locator("#before").focus()
    page.evaluate("() => document.querySelector('hub-chat').open()")
    expect(page.get_by_role("textbox", name="Write a message")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#before")).to_be_focused()


def test_everything_by_keyboard(host: Host, page: Page) -> None:
    page.goto(host.page())
    expect(page.get_by_role("button", name="Open chat")).to_be_visible()
    page.locator("#before").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Write a message")).to_be_focused()
    page.keyboard.type("by hand")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two lines")
    page.keyboard.press("Enter")
    wait_for(host, "by hand\ntwo lines")


def test_a_file_goes_up_and_comes_down_again(host: Host, page: Page, tmp_path: Path) -> None:
    photo = tmp_path / "photo.txt"
    photo.write_text("the picture")
    page.goto(host.page())
    page.get_by_role("button", name="Open chat").click()
    expect(page.get_by_text("Hi! How can we help?")).to_be_visible()
    say(page, "look")
    wait_for(host, "look")
    page.locator("hub-chat input[type=file]").set_input_files(photo)
    expect(page.get_by_role("button", name="Remove photo.txt")).to_be_visible()
    page.get_by_role("textbox", name="Write a message").press("Enter")
    wait_for(host, "look", "")
    page.reload()
    with page.expect_download() as download:
        page.get_by_role("button", name="photo.txt").click()
    assert Path(download.value.path()).read_text() == "the picture"


def test_spanish_dark_and_narrow(host: Host, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 780}, color_scheme="dark", locale="es-ES")
    page = context.new_page()
    page.goto(host.page("es"))
    page.get_by_role("button", name="Abrir el chat").click()
    expect(page.get_by_text("¡Hola! ¿En qué podemos ayudarte?")).to_be_visible()
    say(page, "Hola")
    wait_for(host, "Hola")
    box = page.get_by_role("dialog").bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (390, 780)
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(host: Host, chromium: Browser, scheme: Literal["light", "dark"]) -> None:
    context = chromium.new_context(color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.goto(host.page())
    page.get_by_role("button", name="Open chat").click()
    say(page, "hello https://shop.example")
    wait_for(host, "hello https://shop.example")
    host.do(lambda site: site.answer("hi **there**"))
    expect(page.get_by_role("log").get_by_text("hi there")).to_be_visible()
    found = Axe().run(page, context="hub-chat", options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    assert not found.violations_count, found.generate_report()
    context.close()


def test_identity_comes_from_the_sites_signature_only(host: Host, page: Page) -> None:
    page.goto(host.page())
    page.get_by_role("button", name="Open chat").click()
    say(page, "as a guest")
    wait_for(host, "as a guest")
    exp = int(time.time()) + 300
    signed = sign(host.site.secret, user_id="7", email="ana@customers.example", exp=exp)
    identify = "identity => document.querySelector('hub-chat').identify(identity)"
    page.evaluate(identify, {"id": "7", "email": "ana@customers.example", "exp": exp, "signature": signed})
    expect(page.get_by_text("as a guest")).to_have_count(0)
    expect(page.get_by_role("textbox", name="Write a message")).to_be_visible()
    say(page, "as Ana")
    wait_for(host, "as a guest", "as Ana")
    assert len(host.do(lambda site: site.contacts_of("ana@customers.example"))) == 1
    assert len(host.do(lambda site: site.conversations())) == 2


def test_a_forged_identity_leaves_an_anonymous_visitor_with_an_empty_chat(host: Host, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(host.page())
    page.get_by_role("button", name="Open chat").click()
    say(page, "as a guest")
    wait_for(host, "as a guest")
    told = (
        "exp => { window.refused = 0; const chat = document.querySelector('hub-chat');"
        " chat.addEventListener('hub-chat:identity-refused', () => window.refused++);"
        " chat.identify({id: '7', email: 'ana@customers.example', exp, signature: '00'}) }"
    )
    page.evaluate(told, int(time.time()) + 300)
    page.wait_for_function("() => window.refused === 1")
    expect(page.get_by_text("as a guest")).to_have_count(0)
    say(page, "still anonymous")
    wait_for(host, "as a guest", "still anonymous")
    assert host.do(lambda site: site.contacts_of("ana@customers.example")) == set()
