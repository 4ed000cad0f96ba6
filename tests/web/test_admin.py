import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.fakes.dovecot import Dovecot
from tests.web.admin_site import AdminSite
from tests.web.admin_site import running_site

pytestmark = pytest.mark.browser
WEB = Path(__file__).parents[2] / "web"
ASSETS = WEB.parent / "hub" / "static" / "app" / "assets"
PAGES = (
    "/settings/channels",
    "/settings/channels/new",
    "/settings/channels/new?kind=email",
    "/settings/people",
    "/settings/teams",
    "/profile",
    "/deliveries",
)
CHANNEL = re.compile(r"/settings/channels/[0-9a-f-]{36}$")


@pytest.fixture(scope="module", autouse=True)
def built() -> Path:
    """Return the folder of the built app; build it if it is missing."""
    if not list(ASSETS.glob("*.js")):
        npm = Path(sys.executable).with_name("npm")
        path = f"{npm.parent}:/usr/bin:/bin"
        subprocess.run([str(npm), "run", "build"], cwd=WEB, check=True, env={"PATH": path, "HOME": "/tmp"}, timeout=240)
    return ASSETS


@pytest.fixture(scope="module")
def admin(built: Path) -> Iterator[AdminSite]:
    with running_site() as running:
        yield running


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with Dovecot.running() as running:
        yield running


@pytest.fixture(scope="module")
def owner(chromium: Browser, admin: AdminSite) -> Iterator[BrowserContext]:
    """Return the owner's browser, signed in once."""
    context = chromium.new_context(locale="en-GB", viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(10_000)
    sign_in = context.new_page()
    sign_in.goto(admin.link() or "")
    sign_in.get_by_role("button", name="Sign in").click()
    sign_in.wait_for_url(re.compile("/inbox"))
    sign_in.close()
    yield context
    context.close()


@pytest.fixture
def page(owner: BrowserContext) -> Iterator[Page]:
    """Open a page whose console must stay free of errors, apart from refused requests."""
    said: list[str] = []
    opened = owner.new_page()
    opened.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
    opened.on("pageerror", lambda e: said.append(str(e)))
    yield opened
    opened.close()
    assert [one for one in said if "the server responded with a status of 4" not in one] == []


def assert_open_to_everybody(page: Page) -> None:
    found = Axe().run(page)
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found.response["violations"]] == []


def fill_in_mailbox(page: Page, dovecot: Dovecot, address: str, password: str) -> None:
    page.get_by_label("Address", exact=True).fill(address)
    page.get_by_label("IMAP server").fill(dovecot.host)
    page.get_by_label("IMAP port").fill(str(dovecot.imap_port))
    page.get_by_label("IMAP security").select_option("none")
    page.get_by_label("IMAP password").fill(password)


def test_a_mailbox_with_a_wrong_password_is_told_so_before_it_is_saved(
    admin: AdminSite, page: Page, dovecot: Dovecot
) -> None:
    user = dovecot.add_user()
    page.goto(f"{admin.url}/settings/channels/new")
    page.get_by_role("link", name="Email").click()
    page.get_by_label("Name", exact=True).fill("Support")
    fill_in_mailbox(page, dovecot, user.address, "wrong horse")
    page.get_by_role("button", name="Test").click()
    expect(page.get_by_role("alert")).to_contain_text("refused the user name or password")
    page.get_by_label("IMAP password").fill(user.password)
    page.get_by_role("button", name="Test").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="INBOX on localhost is open")).to_be_visible()
    page.get_by_role("button", name="Add the channel").click()
    page.wait_for_url(CHANNEL)
    expect(page.get_by_label("IMAP password")).to_have_value("")
    expect(page.get_by_label("IMAP password")).to_have_attribute("placeholder", "Saved; type to change it")


def test_a_saved_mailbox_can_be_tried_changed_paused_and_archived(admin: AdminSite, page: Page, dovecot: Dovecot) -> None:
    user = dovecot.add_user()
    page.goto(f"{admin.url}/settings/channels/new?kind=email")
    page.get_by_label("Name", exact=True).fill("Returns")
    fill_in_mailbox(page, dovecot, user.address, user.password)
    page.get_by_role("button", name="Add the channel").click()
    page.wait_for_url(CHANNEL)
    page.get_by_label("Name", exact=True).fill("Returns and repairs")
    page.get_by_label("Display name").fill("Aurora")
    expect(page.get_by_text("2 unsaved changes")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Returns and repairs")).to_be_visible()
    expect(page.get_by_text("unsaved change")).to_have_count(0)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused: no messages are received or sent.", exact=False)).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.get_by_role("button", name="Archive").click()
    page.get_by_role("dialog", name="Archive “Returns and repairs”?").get_by_role("button", name="Archive").click()
    page.wait_for_url(re.compile("/settings/channels$"))
    expect(page.get_by_role("link", name=re.compile("Returns"))).to_have_count(0)


def test_a_form_says_what_is_wrong_at_the_field_and_is_not_lost_by_a_click(admin: AdminSite, page: Page) -> None:
    page.goto(f"{admin.url}/settings/channels/new?kind=webchat")
    page.get_by_label("Site name").fill("Aurora")
    page.get_by_label("Allowed sites").fill("shop.example")
    page.get_by_role("button", name="Add the channel").click()
    expect(page.get_by_label("Allowed sites")).to_be_focused()
    expect(page.get_by_text("for example https://shop.example", exact=False)).to_be_visible()
    page.get_by_role("link", name="People").click()
    page.get_by_role("dialog", name="Leave without saving?").get_by_role("button", name="Cancel").click()
    expect(page.get_by_label("Allowed sites")).to_have_value("shop.example")
    page.get_by_label("Allowed sites").fill("https://shop.example")
    page.get_by_label("Name", exact=True).fill("Shop chat")
    page.get_by_role("button", name="Add the channel").click()
    page.wait_for_url(CHANNEL)
    expect(page.get_by_text(re.compile("<hub-chat key="))).to_be_visible()


def test_somebody_is_invited_chooses_a_password_and_sees_no_settings_of_others(
    admin: AdminSite, page: Page, chromium: Browser
) -> None:
    page.goto(f"{admin.url}/settings/people")
    page.get_by_role("button", name="Invite a person").click()
    page.get_by_label("Name", exact=True).fill("Marina")
    page.get_by_label("Email", exact=True).fill("marina@shop.test")
    page.get_by_role("button", name="Create the invitation").click()
    dialog = page.get_by_role("dialog", name="Invitation for Marina")
    link = dialog.locator("code").inner_text()
    dialog.get_by_role("button", name="Done").click()
    expect(page.get_by_role("link", name=re.compile("Marina"))).to_contain_text("Invited")

    guest = chromium.new_context(locale="en-GB")
    theirs = guest.new_page()
    theirs.goto(link)
    theirs.get_by_label("New password").fill("seven blue horses")
    theirs.get_by_role("button", name="Begin").click()
    theirs.wait_for_url(re.compile("/inbox"))
    theirs.goto(f"{admin.url}/settings/channels")
    theirs.wait_for_url(re.compile("/profile$"))
    expect(theirs.get_by_role("link", name="Channels")).to_have_count(0)
    expect(theirs.get_by_role("link", name="Deliveries")).to_have_count(0)
    theirs.get_by_role("link", name="People").click()
    expect(theirs.get_by_text("marina@shop.test")).to_be_visible()
    expect(theirs.get_by_role("button", name="Invite a person")).to_have_count(0)
    guest.close()


def test_a_bots_token_is_shown_once_and_revoked(admin: AdminSite, page: Page) -> None:
    page.goto(f"{admin.url}/settings/people")
    page.get_by_role("button", name="Add a bot").click()
    page.get_by_label("Name", exact=True).fill("Order status")
    page.get_by_role("dialog").get_by_role("button", name="Add a bot").click()
    page.get_by_role("link", name=re.compile("Order status")).click()
    page.get_by_role("button", name="Add a token").click()
    page.get_by_label("What it is for").fill("Script")
    page.get_by_role("button", name="Create the token").click()
    expect(page.get_by_role("dialog", name="Your new token").locator("code")).to_have_text(re.compile("^hub_"))
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog", name="Revoke “Script”?").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("this bot cannot sign in", exact=False)).to_be_visible()


def test_a_window_asked_for_before_the_page_has_loaded_opens(admin: AdminSite, page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/teams", hold)
    page.goto(f"{admin.url}/settings/people")
    page.get_by_role("button", name="Add a bot").click()
    for one in held:
        one.continue_()
    expect(page.get_by_role("dialog", name="Add a bot")).to_be_visible()


def test_a_team_is_made_filled_and_removed_by_keyboard_alone(admin: AdminSite, page: Page) -> None:
    def to(name: str, role: str = "button") -> None:
        for _ in range(40):
            focused = page.evaluate("() => document.activeElement?.innerText?.trim() ?? ''")
            if focused == name:
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"The {role} {name} cannot be reached by keyboard.")

    page.goto(f"{admin.url}/settings/teams")
    expect(page.get_by_role("heading", name="Teams")).to_be_visible()
    to("Add a team")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Team name")).to_be_focused()
    page.keyboard.type("Sales")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sales")).to_be_visible()
    page.get_by_role("checkbox", name="Owner").focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("1 unsaved change")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("unsaved change")).to_have_count(0)
    to("Remove the team")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Remove “Sales”?")
    expect(dialog).to_contain_text("visible to every agent")
    to("Remove the team")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/settings/teams$"))
    expect(page.get_by_role("link", name=re.compile("Sales"))).to_have_count(0)


def test_the_language_and_the_theme_change_at_once_with_the_profile(admin: AdminSite, page: Page) -> None:
    page.goto(f"{admin.url}/profile")
    page.get_by_label("Language").select_option("es")
    page.get_by_label("Appearance").select_option("dark")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Tu perfil")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    for path in PAGES:
        page.goto(admin.url + path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert_open_to_everybody(page)
    page.goto(f"{admin.url}/profile")
    page.get_by_label("Idioma").select_option("en")
    page.get_by_label("Apariencia").select_option("light")
    page.get_by_role("button", name=re.compile("Guardar")).last.click()
    expect(page.get_by_role("heading", name="Your profile")).to_be_visible()


@pytest.mark.parametrize("path", PAGES)
def test_each_page_is_open_to_everybody_and_fits_a_phone(admin: AdminSite, page: Page, path: str) -> None:
    page.goto(admin.url + path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert_open_to_everybody(page)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert_open_to_everybody(page)


def test_the_inbox_loads_none_of_the_settings(admin: AdminSite, page: Page) -> None:
    page.goto(f"{admin.url}/inbox/mine")
    page.wait_for_load_state("networkidle")
    names = "() => performance.getEntriesByType('resource').map((one) => one.name)"
    loaded = [one.rpartition("/")[2] for one in page.evaluate(names) if one.endswith((".js", ".css"))]
    of_settings = ("ChannelsPage", "PeoplePage", "ProfilePage", "DeliveriesPage")
    assert [one for one in loaded if one.startswith(of_settings)] == []
