"""Looking into the folder of sent mail: what became of a message nobody answered for."""

from collections.abc import Iterable

from hub.channels.email.account import Account
from hub.channels.email.imap.client import Imap
from hub.channels.email.imap.responses import Folder, quoted

USUAL = (
    "sent",
    "sent items",
    "sent messages",
    "sent mail",
    "gesendet",
    "enviados",
    "envoyés",
    "inbox.sent",
    "inbox/sent",
)


async def holds(account: Account, message_id: str) -> bool:
    """Whether the folder of sent mail holds a mail of that Message-ID; False where there is no such folder."""
    async with Imap.signed_in(account) as imap:
        folder = sent_folder(await imap.folders())
        if folder is None:
            return False
        await imap.select(folder)
        return bool(await imap.search(f"HEADER Message-ID {quoted(message_id)}"))


def sent_folder(folders: Iterable[Folder]) -> str | None:
    """The folder marked for sent mail (RFC 6154), or else one that is called so."""
    known = list(folders)
    marked = (folder.name for folder in known if "\\sent" in {each.lower() for each in folder.attributes})
    called = (folder.name for folder in known if folder.name.lower() in USUAL)
    return next(marked, None) or next(called, None)
