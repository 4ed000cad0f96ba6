"""The main job, end to end: a mail and a chat reach an agent's live screen, and the answers reach the customer."""

import re
from email.message import EmailMessage

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.web.conftest import PATIENCE
from tests.web.conftest import InboxSite
from tests.web.conftest import listen
from tests.web.mailbox import CUSTOMER
from tests.web.mailbox import OTHER
from tests.web.mailbox import SHOP
from tests.web.mailbox import Post
from tests.web.shop import Shop

pytestmark = pytest.mark.browser
TALK = "Conversation with the customer"


def rows(page: Page) -> Locator:
    return page.get_by_role("listbox").get_by_role("option")


def row(page: Page, text: str) -> Locator:
    return rows(page).filter(has_text=text)


def article(page: Page, text: str) -> Locator:
    return page.get_by_role("log", name=TALK).get_by_role("article").filter(has_text=text)


def composer(page: Page) -> Locator:
    return page.get_by_role("region", name="Reply").get_by_role("textbox").last


def open_by_keys(page: Page, text: str) -> None:
    """Walk down until the conversation is open."""
    wanted = row(page, text)
    expect(wanted).to_be_visible()
    for _ in range(rows(page).count()):
        page.keyboard.press("j")
        if wanted.get_attribute("aria-selected") == "true":
            break
    expect(wanted).to_have_attribute("aria-selected", "true")


def test_mail_and_chat_of_one_customer_are_one_conversation(
    site: InboxSite, inbox_page: Page, post: Post, shop: Shop, chromium: Browser
) -> None:
    inbox_page.goto("/inbox/open")
    expect(inbox_page.get_by_role("heading", name="All open")).to_be_visible()
    first = post.write("Hello, my grinder has stopped.\nIs it under warranty?", subject="Coffee grinder warranty")
    expect(row(inbox_page, "Coffee grinder warranty")).to_contain_text("Ana García", timeout=PATIENCE)

    answer = _answer_by_mail(inbox_page, post)
    assert answer["In-Reply-To"] == first
    assert first in answer["References"]
    assert answer["Subject"] == "Re: Coffee grinder warranty"
    assert re.search(r"support\+[\w.-]{8,}@shop\.test", answer["Reply-To"])
    assert "Yes, for two years" in str(answer.get_body(("plain",)))

    post.answer(answer, "The small one, bought in May.")
    expect(article(inbox_page, "The small one, bought in May.")).to_be_visible(timeout=PATIENCE)
    expect(row(inbox_page, "Ana García")).to_have_count(1)

    visitor = chromium.new_context(locale="en-GB")
    visitor.set_default_timeout(PATIENCE)
    page = visitor.new_page()
    said = listen(page)
    _write_in_the_chat(page, shop, "I am in the shop now, here is my serial: 48213")
    expect(article(inbox_page, "here is my serial: 48213")).to_be_visible(timeout=PATIENCE)
    expect(row(inbox_page, "Ana García")).to_have_count(1)
    expect(article(inbox_page, "my grinder has stopped")).to_be_visible()
    expect(inbox_page.get_by_role("complementary", name="Customer")).to_contain_text(CUSTOMER)

    _answer_by_chat(inbox_page)
    expect(page.get_by_role("log").get_by_text("Thank you, a new one is on its way.")).to_be_visible(timeout=PATIENCE)
    expect(article(inbox_page, "a new one is on its way")).to_contain_text(re.compile("Delivered|Read"))
    assert len(post.read()) == 1
    assert len([mail for mail in post.read(SHOP) if CUSTOMER in mail["From"]]) == 2
    assert said == []
    visitor.close()


def _answer_by_mail(inbox_page: Page, post: Post) -> EmailMessage:
    """Open and answer by keyboard; the reply is sent once it can no longer be undone."""
    open_by_keys(inbox_page, "Coffee grinder warranty")
    expect(article(inbox_page, "my grinder has stopped")).to_be_visible()
    inbox_page.keyboard.press("r")
    expect(composer(inbox_page)).to_be_focused()
    inbox_page.keyboard.type("Yes, for two years. Which model is it?")
    inbox_page.keyboard.press("Control+Enter")
    expect(article(inbox_page, "Yes, for two years")).to_contain_text(re.compile(r"Sends in \d s"))
    answer = post.wait(1)[0]
    expect(article(inbox_page, "Yes, for two years")).to_contain_text("Sent")
    return answer


def _write_in_the_chat(page: Page, shop: Shop, text: str) -> None:
    """Write on the shop's page, where the customer is signed in."""
    page.goto(shop.url)
    page.get_by_role("button", name="Open chat").click()
    page.get_by_role("textbox", name="Write a message").fill(text)
    page.keyboard.press("Enter")


def _answer_by_chat(inbox_page: Page) -> None:
    """Choose the chat in the composer's menu, and answer there."""
    inbox_page.keyboard.press("Escape")
    inbox_page.keyboard.press("c")
    menu = inbox_page.get_by_role("menu")
    menu.get_by_role("menuitem").or_(menu.get_by_role("menuitemradio")).filter(has_text="Shop chat").press("Enter")
    expect(inbox_page.get_by_role("button", name="Reply by Shop chat")).to_be_visible()
    composer(inbox_page).focus()
    inbox_page.keyboard.type("Thank you, a new one is on its way.")
    inbox_page.keyboard.press("Control+Enter")


def test_a_sent_reply_can_be_undone_for_a_while(inbox_page: Page, site: InboxSite, post: Post) -> None:
    sent = len(post.read())
    post.write("May I return it?", subject="A return", sender="Bo <bo@customers.test>")
    inbox_page.goto("/inbox/open")
    open_by_keys(inbox_page, "A return")
    inbox_page.keyboard.press("r")
    inbox_page.keyboard.type("No, never.")
    inbox_page.keyboard.press("Control+Enter")
    expect(article(inbox_page, "No, never.")).to_contain_text("Sends in")
    inbox_page.keyboard.press("Escape")
    inbox_page.keyboard.press("z")
    expect(article(inbox_page, "No, never.")).to_have_count(0)
    expect(composer(inbox_page)).to_have_value("No, never.")
    inbox_page.reload()
    expect(composer(inbox_page)).to_have_value("No, never.")
    assert len(post.read()) == sent
    assert not any(b"No, never." in mail.content for mail in post.smtp.mails)


def test_a_note_looks_different_from_replies_and_is_not_sent(inbox_page: Page, site: InboxSite, post: Post) -> None:
    post.write("A question about beans.", subject="Beans", sender="Cleo <cleo@customers.test>")
    inbox_page.goto("/inbox/open")
    open_by_keys(inbox_page, "Beans")
    inbox_page.keyboard.press("n")
    expect(inbox_page.get_by_role("region", name="Reply")).to_contain_text("Only your team sees this")
    inbox_page.keyboard.type("She asked before; see the other shop.")
    inbox_page.keyboard.press("Control+Enter")
    noted = article(inbox_page, "She asked before")
    expect(noted).to_contain_text("Only your team sees this")
    expect(inbox_page.get_by_role("button", name="Add note")).to_be_visible()
    assert not any(b"She asked before" in mail.content for mail in post.smtp.mails)


def test_a_restart_is_said_lived_through_and_loses_nothing(inbox_page: Page, site: InboxSite, post: Post) -> None:
    post.write("Before it stops.", subject="Restart", sender=f"Dora <{OTHER}>")
    inbox_page.goto("/inbox/open")
    open_by_keys(inbox_page, "Restart")
    expect(article(inbox_page, "Before it stops.")).to_be_visible()
    site.hub.stop()
    expect(inbox_page.get_by_text("Connection lost.")).to_be_visible()
    post.write("While it was away.", subject="Meanwhile", sender="Emil <emil@customers.test>")
    inbox_page.keyboard.press("r")
    inbox_page.keyboard.type("Written while it was away.")
    inbox_page.keyboard.press("Control+Enter")
    expect(article(inbox_page, "Written while it was away.")).to_contain_text("Waiting for the connection")
    site.hub.start()
    expect(inbox_page.get_by_text("Connection lost.")).to_be_hidden(timeout=40_000)
    expect(row(inbox_page, "Meanwhile")).to_be_visible(timeout=PATIENCE)
    expect(article(inbox_page, "Written while it was away.")).to_contain_text("Sent", timeout=PATIENCE)
    lived, talked = _screen(inbox_page)
    inbox_page.reload()
    expect(article(inbox_page, "Written while it was away.")).to_have_count(1)
    expect(row(inbox_page, "Meanwhile")).to_be_visible()
    assert _screen(inbox_page) == (lived, talked)
    assert len(post.read(OTHER)) == 1


def _screen(page: Page) -> tuple[list[str], list[str]]:
    """Return the labels of the list and the thread, without ages."""
    listed = [text.split("\n")[0] for text in rows(page).all_inner_texts()]
    return listed, [one.get_attribute("aria-label") or "" for one in article(page, "").all()]
