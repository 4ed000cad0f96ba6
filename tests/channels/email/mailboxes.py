"""Mails for a mailbox, and helpers to fetch them."""

import asyncio
from collections.abc import AsyncGenerator

from hub.channels.contract import FetchedBatch
from hub.channels.email.account import Account
from hub.channels.email.imap.client import Limits
from hub.channels.email.imap.listen import listen

PATIENT = Limits(connect=5, reply=5, idle=20)


def mail(number: int, size: int = 0) -> bytes:
    return f"Message-ID: <{number}@customer.test>\r\nSubject: number {number}\r\n\r\n".encode() + b"x" * size + b"\r\n"


async def take(messages: AsyncGenerator[FetchedBatch, None], count: int) -> tuple[list[bytes], str]:
    """Return the next mails of a mailbox, and the bookmark after them."""
    bodies: list[bytes] = []
    async with asyncio.timeout(20):
        while True:
            fetched = await anext(messages)
            bodies += [item.body for item in fetched.items]
            if len(bodies) >= count:
                return bodies, fetched.bookmark


async def take_all(account: Account, bookmark: str | None, count: int) -> tuple[list[bytes], str]:
    messages = listen(account, bookmark, PATIENT)
    try:
        return await take(messages, count)
    finally:
        await messages.aclose()
