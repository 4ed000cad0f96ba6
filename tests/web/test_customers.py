"""A customer with two addresses: merged in the customer panel, and separated again."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.web.conftest import PATIENCE
from tests.web.conftest import InboxSite
from tests.web.mailbox import Post

pytestmark = pytest.mark.browser


def panel(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Customer")


def articles(page: Page, text: str) -> Locator:
    return page.get_by_role("log", name="Conversation with the customer").get_by_role("article").filter(has_text=text)


def test_two_addresses_of_one_person_are_joined_and_parted_again(site: InboxSite, inbox_page: Page, post: Post) -> None:
    post.write("Is the shop open on Sunday?", subject="Sunday", sender="Elsa Prado <elsa@work.test>")
    post.write("My cup came broken.", subject="Broken cup", sender="Elsa P <elsa@home.test>")
    inbox_page.goto("/inbox/open")
    for subject in ("Sunday", "Broken cup"):
        expect(inbox_page.get_by_role("option").filter(has_text=subject)).to_be_visible(timeout=PATIENCE)
    inbox_page.get_by_role("option").filter(has_text="Broken cup").click()
    expect(articles(inbox_page, "My cup came broken")).to_be_visible()

    panel(inbox_page).get_by_role("button", name="Same person as…").click()
    inbox_page.get_by_role("combobox", name="Search the other customer").fill("elsa@work")
    expect(inbox_page.get_by_role("option", name="Elsa Prado")).to_be_visible()
    assert Axe().run(inbox_page).response["violations"] == []
    inbox_page.keyboard.press("Enter")
    asked = inbox_page.get_by_role("dialog", name="Are these the same customer?")
    expect(asked).to_contain_text("Elsa P and Elsa Prado become one customer")
    assert Axe().run(inbox_page).response["violations"] == []
    asked.get_by_role("button", name="Merge customers").click()

    expect(asked).to_have_count(0)
    expect(panel(inbox_page).get_by_role("heading", name="Elsa Prado")).to_be_visible(timeout=PATIENCE)
    expect(panel(inbox_page)).to_contain_text("elsa@work.test")
    expect(panel(inbox_page)).to_contain_text("elsa@home.test")
    expect(articles(inbox_page, "open on Sunday")).to_be_visible()
    expect(articles(inbox_page, "My cup came broken")).to_be_visible()

    inbox_page.reload()
    inbox_page.get_by_role("button", name="Separate again").click()
    expect(panel(inbox_page).get_by_role("heading", name="Elsa P", exact=True)).to_be_visible(timeout=PATIENCE)
    expect(panel(inbox_page)).not_to_contain_text("elsa@work.test")
    expect(articles(inbox_page, "open on Sunday")).to_have_count(0)
    expect(inbox_page.get_by_role("button", name="Separate again")).to_have_count(0)


def test_a_join_is_undone_by_the_key_for_undoing(site: InboxSite, inbox_page: Page, post: Post) -> None:
    post.write("Where is my order?", subject="Late order", sender="Fito Sanz <fito@work.test>")
    post.write("And my invoice?", subject="Missing invoice", sender="Fito S <fito@home.test>")
    inbox_page.goto("/inbox/open")
    expect(inbox_page.get_by_role("option").filter(has_text="Late order")).to_be_visible(timeout=PATIENCE)
    inbox_page.get_by_role("option").filter(has_text="Missing invoice").click()
    panel(inbox_page).get_by_role("button", name="Same person as…").click()
    inbox_page.get_by_role("combobox", name="Search the other customer").fill("fito@work")
    expect(inbox_page.get_by_role("option", name="Fito Sanz")).to_be_visible()
    inbox_page.keyboard.press("Enter")
    expect(inbox_page.get_by_role("button", name="Merge customers")).to_be_focused()
    inbox_page.keyboard.press("Enter")
    expect(panel(inbox_page).get_by_role("heading", name="Fito Sanz")).to_be_visible(timeout=PATIENCE)
    inbox_page.keyboard.press("z")
    expect(panel(inbox_page).get_by_role("heading", name="Fito S", exact=True)).to_be_visible(timeout=PATIENCE)
