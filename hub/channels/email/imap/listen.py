"""Listening to a mailbox: what is new since the bookmark, in batches, losing and deleting nothing."""

import hashlib
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping, Sequence

import msgspec
from msgspec import Struct

from hub.channels.contract import FetchedBatch, RawItem
from hub.channels.email.account import Account
from hub.channels.email.imap.client import Imap, Limits

BATCH = 50  # mails at the most
BATCH_BYTES = 8 * 2**20
MAX_MAIL = 64 * 2**20
SIZES_AT_ONCE = 500
_SHAPE = re.compile(
    rb"^(?:content-[^:\r\n]*|mime-version):.*(?:\r?\n[ \t].*)*(?:\r?\n|\Z)", re.IGNORECASE | re.MULTILINE
)


class Bookmark(Struct, frozen=True, kw_only=True):
    """How far a folder has been read: every mail up to the UID is stored."""

    folder: str
    uidvalidity: int
    uid: int = 0


class _Batch(Struct, frozen=True, kw_only=True):
    """Mails taken together: the last UID, what came of them, and which of them came whole."""

    last: int
    items: tuple[RawItem, ...]
    whole: tuple[int, ...]


async def listen(
    account: Account, bookmark: str | None, limits: Limits | None = None
) -> AsyncGenerator[FetchedBatch, None]:
    """Yield what is in the folder and not yet stored, for ever; a lost connection raises `Unreachable`.

    Asking for the next item tells that the last one is stored: only then is it deleted, where that is wanted.
    """
    async with Imap.signed_in(account, limits) as imap:
        mark = await _open(imap, _read(bookmark))
        while True:
            imap.news = False
            uids = await imap.search(f"UID {mark.uid + 1}:*")
            async for batch in _fetch(imap, [uid for uid in uids if uid > mark.uid]):
                mark = msgspec.structs.replace(mark, uid=batch.last)
                if batch.items:
                    yield FetchedBatch(items=batch.items, bookmark=msgspec.json.encode(mark).decode())
                if account.delete_after_fetch and batch.whole:
                    await imap.delete(batch.whole)
            await imap.wait()
            if not imap.news:
                mark = await _open(imap, mark)


def key_of(raw: bytes) -> str:
    """What makes a mail itself in this channel: its bytes, whatever number a server gives it."""
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def batches(sizes: Mapping[int, int]) -> Iterator[list[int]]:
    """Group mails in ascending order, each group small enough for one answer.

    The first is one mail and each next twice as many: a line that breaks again and again still brings something.
    """
    batch: list[int] = []
    most, weight = 1, 0
    for uid in sorted(sizes):
        if batch and (len(batch) == most or weight + sizes[uid] > BATCH_BYTES):
            yield batch
            batch, most, weight = [], min(2 * most, BATCH), 0
        batch.append(uid)
        weight += sizes[uid]
    if batch:
        yield batch


def placeholder(headers: bytes, note: str) -> bytes:
    """A mail that stands for one that cannot be had: its headers, and a note in place of the body."""
    kept = _SHAPE.sub(b"", headers.rstrip(b"\r\n") + b"\r\n") if headers.strip() else b""
    shape = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    return kept + shape + note.encode() + b"\r\n"


async def _open(imap: Imap, mark: Bookmark | None) -> Bookmark:
    """Select the folder; another UIDVALIDITY makes every number void, and reading begins anew."""
    account = imap.account
    selected = await imap.select(account.imap_folder, read_only=not account.delete_after_fetch)
    fresh = Bookmark(folder=account.imap_folder, uidvalidity=selected.uidvalidity)
    if mark and (mark.folder, mark.uidvalidity) == (fresh.folder, fresh.uidvalidity):
        return mark
    return fresh


def _read(bookmark: str | None) -> Bookmark | None:
    try:
        return msgspec.json.decode(bookmark, type=Bookmark) if bookmark else None
    except msgspec.MsgspecError:
        return None


async def _fetch(imap: Imap, uids: Sequence[int]) -> AsyncIterator[_Batch]:
    for start in range(0, len(uids), SIZES_AT_ONCE):
        asked = uids[start : start + SIZES_AT_ONCE]
        found = await imap.sizes(asked)
        sizes = {uid: found.get(uid, 0) for uid in asked}
        for batch in batches(sizes):
            yield await _take(imap, {uid: sizes[uid] for uid in batch})


async def _take(imap: Imap, sizes: Mapping[int, int]) -> _Batch:
    """Each mail of the batch that is still there, whole, or as a placeholder that says why not."""
    small = [uid for uid, size in sizes.items() if size <= MAX_MAIL]
    whole = dict(await imap.bodies(small)) if small else {}
    stand_ins: dict[int, bytes] = {}
    for uid in await _still_there(imap, sizes.keys() - whole.keys()):
        alone = await imap.bodies([uid]) if uid in small else {}
        whole |= alone
        if not alone:
            stand_ins[uid] = placeholder(await imap.headers(uid), _note(sizes[uid]))
    raws = whole | stand_ins
    items = tuple(RawItem(dedupe_key=key_of(raws[uid]), body=raws[uid]) for uid in sizes if uid in raws)
    return _Batch(last=max(sizes), items=items, whole=tuple(whole))


async def _still_there(imap: Imap, uids: Iterable[int]) -> list[int]:
    wanted = ",".join(map(str, sorted(uids)))
    return await imap.search(f"UID {wanted}") if wanted else []


def _note(size: int) -> str:
    if size > MAX_MAIL:
        return f"This mail of {size / 2**20:.0f} MiB is too large to be fetched. It is still on the mail server."
    return "The mail server could not hand out this mail. It is still there."
