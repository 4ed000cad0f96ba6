"""Fetch the mails of a folder that are newer than the bookmark, in batches, until it is closed."""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping, Sequence

import msgspec
from msgspec import Struct

from hub.channels.contract import FetchedBatch, RawItem
from hub.channels.email.account import Account
from hub.channels.email.imap.client import Imap, Limits
from hub.channels.email.inbound import dedupe_key

BATCH_MAILS = 50
BATCH_BYTES = 8 * 2**20  # a larger mail is a batch of its own
MAX_MAIL = 64 * 2**20  # bytes
SIZES_AT_ONCE = 500
_MIME_HEADERS = re.compile(
    rb"^(?:content-[^:\r\n]*|mime-version):.*(?:\r?\n[ \t].*)*(?:\r?\n|\Z)", re.IGNORECASE | re.MULTILINE
)


class Bookmark(Struct, frozen=True, kw_only=True):
    """The position in a folder: every mail up to `uid` is stored. It is saved as JSON in the channel."""

    folder: str
    uidvalidity: int
    uid: int = 0


class _Batch(Struct, frozen=True, kw_only=True):
    """A batch of mails: its last UID, the raw items, and the UIDs of the mails that were fetched completely."""

    last_uid: int
    items: tuple[RawItem, ...]
    complete: tuple[int, ...]


async def listen(
    account: Account, bookmark: str | None, limits: Limits | None = None
) -> AsyncGenerator[FetchedBatch, None]:
    """Yield the mails of the folder that are not yet stored, until closed; raises `Unreachable` when disconnected.

    The caller asks for the next batch only when the last one is stored; only then are its mails deleted from the
    server, if the account says so.
    """
    async with Imap.signed_in(account, limits) as imap:
        position = await _select_folder(imap, _decode(bookmark))
        while True:
            imap.new_mail = False
            uids = await imap.search(f"UID {position.uid + 1}:*")
            async for batch in _fetch_batches(imap, [uid for uid in uids if uid > position.uid]):
                position = msgspec.structs.replace(position, uid=batch.last_uid)
                if batch.items:
                    yield FetchedBatch(items=batch.items, bookmark=msgspec.json.encode(position).decode())
                if account.delete_after_fetch and batch.complete:
                    await imap.delete(batch.complete)
            await imap.wait()
            if not imap.new_mail:
                position = await _select_folder(imap, position)


def batches(sizes: Mapping[int, int]) -> Iterator[list[int]]:
    """Yield UIDs in ascending order in groups small enough for one response; `sizes` are bytes by UID.

    The first group is one mail and each next one has twice as many: even over a connection that breaks again and
    again, some mail arrives.
    """
    batch: list[int] = []
    max_mails, batch_bytes = 1, 0
    for uid in sorted(sizes):
        if batch and (len(batch) == max_mails or batch_bytes + sizes[uid] > BATCH_BYTES):
            yield batch
            batch, max_mails, batch_bytes = [], min(2 * max_mails, BATCH_MAILS), 0
        batch.append(uid)
        batch_bytes += sizes[uid]
    if batch:
        yield batch


def placeholder(headers: bytes, note: str) -> bytes:
    """Return a mail that takes the place of one that cannot be fetched: its headers, and a note as the body."""
    other_headers = _MIME_HEADERS.sub(b"", headers.rstrip(b"\r\n") + b"\r\n") if headers.strip() else b""
    mime_headers = (
        b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    return other_headers + mime_headers + note.encode() + b"\r\n"


async def _select_folder(imap: Imap, position: Bookmark | None) -> Bookmark:
    """Select the folder; if its UIDVALIDITY has changed, all UIDs are void and reading starts over (RFC 3501)."""
    account = imap.account
    selected = await imap.select(account.imap_folder, read_only=not account.delete_after_fetch)
    start = Bookmark(folder=account.imap_folder, uidvalidity=selected.uidvalidity)
    if position and (position.folder, position.uidvalidity) == (start.folder, start.uidvalidity):
        return position
    return start


def _decode(bookmark: str | None) -> Bookmark | None:
    try:
        return msgspec.json.decode(bookmark, type=Bookmark) if bookmark else None
    except msgspec.MsgspecError:
        return None


async def _fetch_batches(imap: Imap, uids: Sequence[int]) -> AsyncIterator[_Batch]:
    for start in range(0, len(uids), SIZES_AT_ONCE):
        chunk = uids[start : start + SIZES_AT_ONCE]
        known_sizes = await imap.sizes(chunk)
        sizes = {uid: known_sizes.get(uid, 0) for uid in chunk}
        for batch in batches(sizes):
            yield await _fetch_batch(imap, {uid: sizes[uid] for uid in batch})


async def _fetch_batch(imap: Imap, sizes: Mapping[int, int]) -> _Batch:
    """Fetch the mails of a batch that still exist; where that fails, a placeholder says why."""
    fetchable = [uid for uid, size in sizes.items() if size <= MAX_MAIL]
    complete = dict(await imap.bodies(fetchable)) if fetchable else {}
    placeholders: dict[int, bytes] = {}
    for uid in await _existing(imap, sizes.keys() - complete.keys()):
        fetched_alone = await imap.bodies([uid]) if uid in fetchable else {}
        complete |= fetched_alone
        if not fetched_alone:
            placeholders[uid] = placeholder(await imap.headers(uid), _placeholder_note(sizes[uid]))
    bodies = complete | placeholders
    items = tuple(RawItem(dedupe_key=dedupe_key(bodies[uid]), body=bodies[uid]) for uid in sizes if uid in bodies)
    return _Batch(last_uid=max(sizes), items=items, complete=tuple(complete))


async def _existing(imap: Imap, uids: Iterable[int]) -> list[int]:
    uid_set = ",".join(map(str, sorted(uids)))
    return await imap.search(f"UID {uid_set}") if uid_set else []


def _placeholder_note(size: int) -> str:
    if size > MAX_MAIL:
        return f"This mail of {size / 2**20:.0f} MiB is too large to be fetched. It is still on the mail server."
    return "The mail server could not hand out this mail. It is still there."
