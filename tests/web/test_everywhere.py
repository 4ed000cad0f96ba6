"""Features of every page: the keys, and the server's errors in the reader's language."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.fakes.ports import free_port
from tests.web.conftest import SNAPPY
from tests.web.conftest import InboxSite

pytestmark = pytest.mark.browser


@pytest.fixture
def spanish(site: InboxSite) -> Iterator[None]:
    """Set the owner's language to Spanish until the test ends."""
    assert site.call("PATCH", "/api/me", {"language": "es"}).ok
    yield
    assert site.call("PATCH", "/api/me", SNAPPY).ok


def test_the_keys_are_told_on_every_page_and_lead_back_to_the_inbox(inbox_page: Page) -> None:
    inbox_page.goto("/settings/people")
    inbox_page.get_by_role("button", name=re.compile("^You:")).click()
    inbox_page.get_by_role("menuitem", name="Keyboard shortcuts").click()
    told = inbox_page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(told).to_contain_text("Reply to customer")
    inbox_page.keyboard.press("Escape")
    expect(told).to_have_count(0)
    inbox_page.keyboard.press("?")
    expect(told).to_be_visible()
    inbox_page.keyboard.press("Escape")
    expect(told).to_have_count(0)
    inbox_page.keyboard.press("g")
    inbox_page.keyboard.press("u")
    inbox_page.wait_for_url(re.compile("/inbox/unassigned$"))


def test_the_menu_opens_for_a_press_before_it_was_loaded(inbox_page: Page) -> None:
    held: list[Route] = []
    inbox_page.route(re.compile("AccountMenuContent"), lambda route: held.append(route))
    inbox_page.goto("/settings/people", wait_until="commit")
    inbox_page.get_by_role("button", name=re.compile("^You:")).click()
    expect(inbox_page.get_by_role("heading", level=1)).to_be_visible()
    for one in held:
        one.continue_()
    expect(inbox_page.get_by_role("menuitem", name="Keyboard shortcuts")).to_be_visible()
    inbox_page.keyboard.press("Escape")
    expect(inbox_page.get_by_role("menuitem")).to_have_count(0)
    assert held


def test_the_button_over_the_list_opens_the_search(inbox_page: Page) -> None:
    inbox_page.set_viewport_size({"width": 390, "height": 844})
    inbox_page.goto("/inbox/open")
    inbox_page.get_by_role("button", name="Search").click()
    expect(inbox_page.get_by_role("combobox", name="Search customers and conversations")).to_be_focused()


@pytest.mark.usefixtures("spanish")
def test_what_the_server_says_is_told_in_the_readers_language(inbox_page: Page) -> None:
    inbox_page.goto("/settings/channels/new?kind=email")
    inbox_page.get_by_label("Dirección", exact=True).fill("ayuda@tienda.test")
    inbox_page.get_by_label("Servidor IMAP").fill("localhost")
    inbox_page.get_by_label("Puerto IMAP").fill(str(free_port()))
    inbox_page.get_by_label("Contraseña IMAP").fill("secreta")
    inbox_page.get_by_role("button", name="Probar").click()
    expect(inbox_page.get_by_role("alert")).to_contain_text("rechaza la conexión")


def test_on_a_phone_the_index_of_the_settings_shows_where_one_is(inbox_page: Page) -> None:
    inbox_page.set_viewport_size({"width": 390, "height": 844})
    inbox_page.goto("/profile")
    expect(
        inbox_page.get_by_role("navigation", name="Settings index").get_by_role("link", name="Your profile")
    ).to_be_in_viewport(ratio=0.9)
