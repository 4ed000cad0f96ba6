"""Actions of customers: mail and chat, their contacts, and the outcome of replies to them."""

import asyncio
import json
from uuid import uuid4

import msgspec
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from hub.storage.database import new_id
from tests.live.conversations import _resolve, _snooze, _write_again
from tests.live.story import Story, action


async def _mail(story: Story) -> None:
    sender = story.live.fresh_name("mailer")
    story.mail_id = await story.live.mailed(sender)
    story.customer = await story.live.known("mailto", f"{sender}@x.test", story.live.mailbox)
    story.customer.value = sender


async def _answer(story: Story) -> None:
    await story.live.mailed(story.customer.value, "One more thing.", more=f"In-Reply-To: {story.mail_id}\r\n")


@action("conversation_opened", "message_received")
async def mail_of_a_new_customer(story: Story) -> None:
    await _mail(story)


@action("message_received", first=(_mail,))
async def mail_that_answers(story: Story) -> None:
    await _answer(story)


@action("conversation_reopened", "message_received", first=(_mail, _resolve))
async def mail_that_reopens(story: Story) -> None:
    await _answer(story)


@action("conversation_woken", "message_received", first=(_mail, _snooze))
async def mail_that_wakes(story: Story) -> None:
    await _answer(story)


async def _mail_twice_without_a_name(story: Story) -> None:
    """Return two conversations of one customer whose name is unknown."""
    sender = f"{story.live.fresh_name('nameless')}@x.test"
    story.customer.value = sender
    for text in ("One", "Two"):
        raw = f"From: {sender}\r\nTo: help@hub.test\r\nMessage-ID: <{new_id()}@x.test>\r\n\r\n{text}\r\n"
        await story.live.take(story.live.mailbox, raw.encode())


@action("conversation_opened", "contact_changed", first=(_mail_twice_without_a_name,))
async def mail_that_names_a_customer(story: Story) -> None:
    raw = f"From: Nell <{story.customer.value}>\r\nTo: help@hub.test\r\nMessage-ID: <{new_id()}@x.test>\r\n\r\nI\r\n"
    await story.live.take(story.live.mailbox, raw.encode())


async def _chat(story: Story) -> None:
    made = await story.olga.ask(
        "POST",
        "/channels",
        {
            "kind": "webchat",
            "name": "Chat",
            "settings": {"site_name": "Aurora"},
            "team_id": str(story.live.east),
        },
    )
    base, key = story.live.base, made["embed"]["key"]
    answer = await story.ann.http.post(f"http://{base}/api/chat/{key}/visitors", json={})
    story.mail_id = f"ws://{base}/api/chat/{key}/socket {answer.json()['token']}"


@action("conversation_opened", "message_received", first=(_chat,))
async def chat_message(story: Story) -> None:
    url, token = story.mail_id.split()
    offer = [Subprotocol("hub.chat.v1"), Subprotocol(f"token.{token}")]
    async with connect(url, subprotocols=offer, compression=None) as line:
        await line.send(json.dumps({"type": "hello", "cursor": None}))
        await line.send(json.dumps({"type": "say", "id": str(uuid4()), "text": "Hello?", "attachment_ids": []}))
        async with asyncio.timeout(6):
            while json.loads(await line.recv())["type"] != "ack":
                continue


async def _with_another(story: Story) -> None:
    story.mail_id = (await story.live.customer()).contact_id


async def _merge(story: Story) -> None:
    await story.ann.ask("POST", f"/contacts/{story.mail_id}/merge", {"into": story.customer.contact_id})


@action("contacts_merged", first=(_with_another,), operation="mergeContact")
async def merge_contacts(story: Story) -> None:
    await _merge(story)


@action("contacts_merged", first=(_mail_twice_without_a_name,))
async def merge_that_brings_a_name(story: Story) -> None:
    nameless = await story.live.known("mailto", story.customer.value, story.live.mailbox)
    await _mail(story)
    await story.ann.ask("POST", f"/contacts/{story.customer.contact_id}/merge", {"into": nameless.contact_id})


@action("contacts_unmerged", first=(_with_another, _merge), operation="unmergeContact")
async def unmerge_contacts(story: Story) -> None:
    await story.ann.ask("DELETE", f"/contacts/{story.mail_id}/merge")


@action("contact_changed", first=(_write_again,), operation="renameContact")
async def rename_contact(story: Story) -> None:
    await story.ann.ask("PATCH", f"/contacts/{story.customer.contact_id}", {"name": "Cleopatra"})


@action("message_status_changed")
async def delivery_sent(story: Story) -> None:
    await story.sent()


@action("message_status_changed")
async def delivery_failed(story: Story) -> None:
    await story.sent("400")


async def _failed(story: Story) -> None:
    await story.sent("400")


async def _doubtful(story: Story) -> None:  # five looks find nothing
    await story.sent("cut")


async def _sent(story: Story) -> None:
    await story.sent()


@action("message_status_changed")
async def delivery_doubtful(story: Story) -> None:
    await story.sent("cut")


@action("message_status_changed", first=(_failed,), operation="retryDelivery")
async def delivery_again(story: Story) -> None:
    await story.olga.ask("POST", f"/deliveries/{await story.delivery('failed')}/retry")


@action("message_status_changed", first=(_doubtful,), operation="settleDelivery")
async def delivery_settled_by_hand(story: Story) -> None:
    await story.olga.ask("PUT", f"/deliveries/{await story.delivery('doubtful')}/settlement", {"sent": True})


@action("message_status_changed", first=(_sent,))
async def delivery_receipt(story: Story) -> None:
    items = story.ann.state.threads[story.customer.contact_id].values()
    last = max((item for item in items if item["type"] == "message"), key=lambda item: item["key"])
    receipt = {"id": f"p-{last['id']}", "sender": "receipt", "text": ""}
    await story.live.take(story.live.post, msgspec.json.encode(receipt))
