"""The main job, end to end: a mail and a chat reach an agent's live screen, and the answers reach the customer."""

import re
from email.message import EmailMessage

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.web.conftest import PATIENCE, Office, listen
from tests.web.mailbox import CUSTOMER, OTHER, SHOP, Post
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
    office: Office, desk: Page, post: Post, shop: Shop, chromium: Browser
) -> None:
    desk.goto("/inbox/open")
    expect(desk.get_by_role("heading", name="All open")).to_be_visible()
    first = post.write("Hello, my grinder has stopped.\nIs it under warranty?", subject="Coffee grinder warranty")
    expect(row(desk, "Coffee grinder warranty")).to_contain_text("Ana García", timeout=PATIENCE)

    answer = _answer_by_mail(desk, post)
    assert answer["In-Reply-To"] == first
    assert first in answer["References"]
    assert answer["Subject"] == "Re: Coffee grinder warranty"
    assert re.search(r"support\+[\w.-]{8,}@shop\.test", answer["Reply-To"])
    assert "Yes, for two years" in str(answer.get_body(("plain",)))

    post.answer(answer, "The small one, bought in May.")
    expect(article(desk, "The small one, bought in May.")).to_be_visible(timeout=PATIENCE)
    expect(row(desk, "Ana García")).to_have_count(1)

    visitor = chromium.new_context(locale="en-GB")
    visitor.set_default_timeout(PATIENCE)
    page = visitor.new_page()
    said = listen(page)
    _write_in_the_chat(page, shop, "I am in the shop now, here is my serial: 48213")
    expect(article(desk, "here is my serial: 48213")).to_be_visible(timeout=PATIENCE)
    expect(row(desk, "Ana García")).to_have_count(1)
    expect(article(desk, "my grinder has stopped")).to_be_visible()
    expect(desk.get_by_role("complementary", name="Customer")).to_contain_text(CUSTOMER)

    _answer_by_chat(desk)
    expect(page.get_by_role("log").get_by_text("Thank you, a new one is on its way.")).to_be_visible(timeout=PATIENCE)
    expect(article(desk, "a new one is on its way")).to_contain_text(re.compile("Delivered|Read"))
    assert len(post.read()) == 1
    assert len([mail for mail in post.read(SHOP) if CUSTOMER in mail["From"]]) == 2
    assert said == []
    visitor.close()


def _answer_by_mail(desk: Page, post: Post) -> EmailMessage:
    """Open and answer by keyboard; the answer leaves once it can no longer be undone."""
    open_by_keys(desk, "Coffee grinder warranty")
    expect(article(desk, "my grinder has stopped")).to_be_visible()
    desk.keyboard.press("r")
    expect(composer(desk)).to_be_focused()
    desk.keyboard.type("Yes, for two years. Which model is it?")
    desk.keyboard.press("Control+Enter")
    expect(article(desk, "Yes, for two years")).to_contain_text(re.compile(r"Sends in \d s"))
    answer = post.wait(1)[0]
    expect(article(desk, "Yes, for two years")).to_contain_text("Sent")
    return answer


def _write_in_the_chat(page: Page, shop: Shop, text: str) -> None:
    """Write on the shop's page, where the customer is signed in."""
    page.goto(shop.url)
    page.get_by_role("button", name="Open chat").click()
    page.get_by_role("textbox", name="Write a message").fill(text)
    page.keyboard.press("Enter")


def _answer_by_chat(desk: Page) -> None:
    """Choose the chat in the composer's menu, and answer there."""
    desk.keyboard.press("Escape")
    desk.keyboard.press("c")
    menu = desk.get_by_role("menu")
    menu.get_by_role("menuitem").or_(menu.get_by_role("menuitemradio")).filter(has_text="Shop chat").press("Enter")
    expect(desk.get_by_role("button", name="Reply by Shop chat")).to_be_visible()
    composer(desk).focus()
    desk.keyboard.type("Thank you, a new one is on its way.")
    desk.keyboard.press("Control+Enter")


def test_what_was_sent_can_be_taken_back_for_a_while(desk: Page, office: Office, post: Post) -> None:
    sent = len(post.read())
    post.write("May I return it?", subject="A return", sender="Bo <bo@customers.test>")
    desk.goto("/inbox/open")
    open_by_keys(desk, "A return")
    desk.keyboard.press("r")
    desk.keyboard.type("No, never.")
    desk.keyboard.press("Control+Enter")
    expect(article(desk, "No, never.")).to_contain_text("Sends in")
    desk.keyboard.press("Escape")
    desk.keyboard.press("z")
    expect(article(desk, "No, never.")).to_have_count(0)
    expect(composer(desk)).to_have_value("No, never.")
    desk.reload()
    expect(composer(desk)).to_have_value("No, never.")
    assert len(post.read()) == sent
    assert not any(b"No, never." in mail.content for mail in post.smtp.mails)


def test_a_note_looks_like_none_of_the_answers_and_leaves_for_nobody(desk: Page, office: Office, post: Post) -> None:
    post.write("A question about beans.", subject="Beans", sender="Cleo <cleo@customers.test>")
    desk.goto("/inbox/open")
    open_by_keys(desk, "Beans")
    desk.keyboard.press("n")
    expect(desk.get_by_role("region", name="Reply")).to_contain_text("Only your team sees this")
    desk.keyboard.type("She asked before; see the other shop.")
    desk.keyboard.press("Control+Enter")
    noted = article(desk, "She asked before")
    expect(noted).to_contain_text("Only your team sees this")
    expect(desk.get_by_role("button", name="Add note")).to_be_visible()
    assert not any(b"She asked before" in mail.content for mail in post.smtp.mails)


def test_a_restart_is_said_lived_through_and_loses_nothing(desk: Page, office: Office, post: Post) -> None:
    post.write("Before it stops.", subject="Restart", sender=f"Dora <{OTHER}>")
    desk.goto("/inbox/open")
    open_by_keys(desk, "Restart")
    expect(article(desk, "Before it stops.")).to_be_visible()
    office.hub.stop()
    expect(desk.get_by_text("Connection lost.")).to_be_visible()
    post.write("While it was away.", subject="Meanwhile", sender="Emil <emil@customers.test>")
    desk.keyboard.press("r")
    desk.keyboard.type("Written while it was away.")
    desk.keyboard.press("Control+Enter")
    expect(article(desk, "Written while it was away.")).to_contain_text("Waits for the connection")
    office.hub.start()
    expect(desk.get_by_text("Connection lost.")).to_be_hidden(timeout=40_000)
    expect(row(desk, "Meanwhile")).to_be_visible(timeout=PATIENCE)
    expect(article(desk, "Written while it was away.")).to_contain_text("Sent", timeout=PATIENCE)
    lived, talked = _screen(desk)
    desk.reload()
    expect(article(desk, "Written while it was away.")).to_have_count(1)
    expect(row(desk, "Meanwhile")).to_be_visible()
    assert _screen(desk) == (lived, talked)
    assert len(post.read(OTHER)) == 1


def _screen(page: Page) -> tuple[list[str], list[str]]:
    """The list and the thread as they are labelled, without their ages."""
    listed = [text.split("\n")[0] for text in rows(page).all_inner_texts()]
    return listed, [one.get_attribute("aria-label") or "" for one in article(page, "").all()]
