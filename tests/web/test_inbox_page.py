"""The inbox as a page: by keyboard alone, accessible, in both languages, on a large screen and on a phone."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from tests.web.conftest import PATIENCE
from tests.web.conftest import SNAPPY
from tests.web.conftest import InboxSite
from tests.web.conftest import listen
from tests.web.mailbox import Post
from tests.web.seed import CUSTOMERS
from tests.web.seed import fill

pytestmark = pytest.mark.browser
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"region": {"enabled": False}},  # a menu floats above the landmarks
}
WATCH_MOUSE = (
    "for (const one of ['mousedown', 'pointerdown']) addEventListener(one, () => { window.moused = true }, true)"
)
ONE_CONVERSATION = re.compile(r"/api/conversations/[0-9a-f-]{36}$")
LOOKS = [("light", "en", 1440), ("dark", "es", 1440), ("dark", "en", 390), ("light", "es", 390)]


@pytest.fixture(scope="module")
def filled(site: InboxSite, post: Post) -> None:
    """Create several conversations, with everything that is hard to display."""
    names = {name for name, _, __ in CUSTOMERS}

    def arrived() -> int:
        items = site.call("GET", "/api/conversations?view=open&limit=60").json()["items"]
        return len(names & {one["row"]["contact"]["name"] for one in items})

    fill(post, arrived)


@pytest.fixture(params=LOOKS, ids=lambda look: "-".join(map(str, look)))
def look(request: pytest.FixtureRequest, site: InboxSite) -> Iterator[tuple[str, str, int]]:
    """Set a theme, a language and a width; restore the owner's profile afterwards."""
    theme, language, width = request.param
    assert site.call("PATCH", "/api/me", {"theme": theme, "language": language}).ok
    yield theme, language, width
    assert site.call("PATCH", "/api/me", SNAPPY).ok


def opened(chromium: Browser, site: InboxSite, width: int) -> BrowserContext:
    context = chromium.new_context(
        base_url=site.hub.base,
        storage_state=site.state,
        viewport={"width": width, "height": 844 if width < 768 else 900},
        reduced_motion="reduce",
        bypass_csp=True,
    )
    context.set_default_timeout(PATIENCE)
    return context


def rows(page: Page) -> Locator:
    return page.locator("#list").get_by_role("option")


def chosen(page: Page) -> Locator:
    return page.locator("#list").get_by_role("option", selected=True)


@pytest.mark.usefixtures("filled")
def test_everything_by_keyboard_and_nothing_by_mouse(inbox_page: Page) -> None:
    inbox_page.add_init_script(WATCH_MOUSE)
    inbox_page.goto("/inbox/open")
    expect(rows(inbox_page).nth(len(CUSTOMERS) - 1)).to_be_visible()
    _walk(inbox_page)
    _write(inbox_page)
    _leave_and_return(inbox_page, "s", "Snooze")
    _leave_and_return(inbox_page, "e", None)
    _search(inbox_page)
    _ask_for_the_map(inbox_page)
    assert inbox_page.evaluate("() => window.moused === undefined")


@pytest.mark.usefixtures("filled")
def test_a_reply_sent_before_its_conversation_has_come_goes_when_it_has(inbox_page: Page) -> None:
    held: list[Route] = []
    inbox_page.goto("/inbox/open")
    expect(rows(inbox_page).nth(len(CUSTOMERS) - 1)).to_be_visible()
    inbox_page.route(ONE_CONVERSATION, lambda route: held.append(route))
    for key in "jjr":
        inbox_page.keyboard.press(key)
    early = inbox_page.get_by_role("article").filter(has_text="Sent early.")
    expect(inbox_page.locator("#composer")).to_be_focused()
    inbox_page.keyboard.type("Sent early.")
    inbox_page.keyboard.press("Control+Enter")
    expect(rows(inbox_page).nth(1)).to_have_attribute("aria-selected", "true")
    inbox_page.keyboard.press("Escape")
    inbox_page.keyboard.press("k")
    inbox_page.unroute(ONE_CONVERSATION)
    inbox_page.keyboard.press("j")
    expect(early).to_be_visible()
    inbox_page.keyboard.press("z")
    expect(early).to_have_count(0)
    expect(inbox_page.locator("#composer")).to_have_value("Sent early.")


def _walk(page: Page) -> None:
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(rows(page).nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("k")
    expect(rows(page).nth(0)).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("log").get_by_role("article").first).to_be_visible()


def _write(page: Page) -> None:
    """Enter, N and R lead into the composer, where letters are letters; Escape leads out."""
    keys, field = page.keyboard, page.locator("#composer")
    keys.press("Enter")
    expect(field).to_be_focused()
    keys.type("j is a letter here")
    expect(field).to_have_value("j is a letter here")
    keys.press("Control+a")
    keys.press("Delete")
    keys.press("Escape")
    keys.press("n")
    keys.type("Noted by hand.")
    keys.press("Control+Enter")
    expect(page.get_by_role("article").filter(has_text="Noted by hand.")).to_be_visible()
    keys.press("Escape")
    keys.press("r")
    expect(page.get_by_role("radio", name="Reply")).to_be_checked()
    expect(field).to_be_focused()
    keys.press("Escape")


def _search(page: Page) -> None:
    """A customer that is found opens."""
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Search customers and conversations")).to_be_focused()
    page.keyboard.type("Becker")
    expect(page.get_by_role("dialog").get_by_role("option", selected=True)).to_contain_text("Walter Becker")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Ein sehr langes Wort").first).to_be_visible()


def _ask_for_the_map(page: Page) -> None:
    """The map of keys opens from the palette, and by its own key."""
    page.keyboard.press("Control+k")
    page.keyboard.type("shortcuts")
    expect(page.get_by_role("dialog").get_by_role("option", selected=True)).to_contain_text("Keyboard shortcuts")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")


def _leave_and_return(page: Page, key: str, dialog: str | None) -> None:
    """The key removes the open conversation from the list and opens the next; Z restores it."""
    gone, count = chosen(page).get_attribute("id") or "", rows(page).count()
    page.keyboard.press(key)
    if dialog:
        expect(page.get_by_role("dialog", name=dialog)).to_be_visible()
        page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(count - 1)
    expect(page.locator(f"#{gone}")).to_have_count(0)
    expect(chosen(page)).to_have_count(1)
    page.keyboard.press("z")
    expect(page.locator(f"#{gone}")).to_be_visible()
    expect(rows(page)).to_have_count(count)


@pytest.mark.usefixtures("filled")
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    chromium: Browser, site: InboxSite, look: tuple[str, str, int]
) -> None:
    theme, language, width = look
    context = opened(chromium, site, width)
    page = context.new_page()
    said = listen(page)
    page.goto("/inbox/open")
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(rows(page).nth(len(CUSTOMERS) - 1)).to_be_visible()
    _fits(page, "list")
    rows(page).filter(has_text="Walter Becker").click()
    expect(page.get_by_role("article").first).to_be_visible()
    _fits(page, "thread")
    page.keyboard.press("n")
    expect(page.locator("#composer")).to_be_focused()
    _fits(page, "note")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    expect(page.get_by_role("menu")).to_be_visible()
    _fits(page, "channels")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog")).to_be_visible()
    _fits(page, "palette")
    assert page.evaluate("() => document.documentElement.dataset.theme ?? ''") in {theme, ""}
    assert said == []
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_sign_in_page(chromium: Browser, site: InboxSite, scheme: str) -> None:
    context = chromium.new_context(base_url=site.hub.base, bypass_csp=True, locale="es-CL")
    page = context.new_page()
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    page.goto("/sign-in")
    expect(page.locator("input[type=password]")).to_be_visible(timeout=PATIENCE)
    _fits(page, "sign-in")
    context.close()


def _fits(page: Page, where: str) -> None:
    found = Axe().run(page, options=RULES)
    assert not found.violations_count, f"{where}: {found.generate_report()}"
    wide = page.evaluate("() => document.scrollingElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{where} is {wide} px too wide"
