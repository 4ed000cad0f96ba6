"""What holds on every page: the keys, and the reader's language in what the server says."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.fakes.ports import free_port
from tests.web.conftest import SNAPPY, Office

pytestmark = pytest.mark.browser


@pytest.fixture
def spanish(office: Office) -> Iterator[None]:
    """The owner reads Spanish for the length of a test."""
    assert office.call("PATCH", "/api/me", {"language": "es"}).ok
    yield
    assert office.call("PATCH", "/api/me", SNAPPY).ok


def test_the_keys_are_told_on_every_page_and_lead_back_to_the_inbox(desk: Page) -> None:
    desk.goto("/settings/people")
    desk.get_by_role("button", name=re.compile("^You:")).click()
    desk.get_by_role("menuitem", name="Keyboard shortcuts").click()
    told = desk.get_by_role("dialog", name="Keyboard shortcuts")
    expect(told).to_contain_text("Reply to customer")
    desk.keyboard.press("Escape")
    expect(told).to_have_count(0)
    desk.keyboard.press("?")
    expect(told).to_be_visible()
    desk.keyboard.press("Escape")
    expect(told).to_have_count(0)
    desk.keyboard.press("g")
    desk.keyboard.press("u")
    desk.wait_for_url(re.compile("/inbox/unassigned$"))


def test_the_menu_opens_for_who_pressed_before_it_had_come(desk: Page) -> None:
    held: list[Route] = []
    desk.route(re.compile("AccountMenuContent"), lambda route: held.append(route))
    desk.goto("/settings/people", wait_until="commit")
    desk.get_by_role("button", name=re.compile("^You:")).click()
    expect(desk.get_by_role("heading", level=1)).to_be_visible()
    for one in held:
        one.continue_()
    expect(desk.get_by_role("menuitem", name="Keyboard shortcuts")).to_be_visible()
    desk.keyboard.press("Escape")
    expect(desk.get_by_role("menuitem")).to_have_count(0)
    assert held


def test_the_button_over_the_list_opens_the_search(desk: Page) -> None:
    desk.set_viewport_size({"width": 390, "height": 844})
    desk.goto("/inbox/open")
    desk.get_by_role("button", name="Search").click()
    expect(desk.get_by_role("combobox", name="Search customers and conversations")).to_be_focused()


@pytest.mark.usefixtures("spanish")
def test_what_the_server_says_is_told_in_the_readers_language(desk: Page) -> None:
    desk.goto("/settings/channels/new?kind=email")
    desk.get_by_label("Dirección", exact=True).fill("ayuda@tienda.test")
    desk.get_by_label("Servidor IMAP").fill("localhost")
    desk.get_by_label("Puerto IMAP").fill(str(free_port()))
    desk.get_by_label("Contraseña IMAP").fill("secreta")
    desk.get_by_role("button", name="Probar").click()
    expect(desk.get_by_role("alert")).to_contain_text("Nadie responde en localhost:")


def test_on_a_phone_the_index_of_the_settings_shows_where_one_is(desk: Page) -> None:
    desk.set_viewport_size({"width": 390, "height": 844})
    desk.goto("/profile")
    expect(
        desk.get_by_role("navigation", name="Settings index").get_by_role("link", name="Your profile")
    ).to_be_in_viewport(ratio=0.9)
