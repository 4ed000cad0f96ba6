"""Search the folder of sent mail for a message whose delivery is unknown."""

from collections.abc import Iterable

from hub.channels.email.account import Account
from hub.channels.email.imap.client import Imap
from hub.channels.email.imap.responses import Folder, quoted

USUAL_NAMES = (
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


async def contains(account: Account, message_id: str) -> bool:
    """Return whether the folder of sent mail contains a mail with this Message-ID; False if there is no such folder."""
    async with Imap.signed_in(account) as imap:
        folder = sent_folder(await imap.folders())
        if folder is None:
            return False
        await imap.select(folder)
        return bool(await imap.search(f"HEADER Message-ID {quoted(message_id)}"))


def sent_folder(folders: Iterable[Folder]) -> str | None:
    """Return the folder marked for sent mail (RFC 6154), or one with a usual name; None if there is none."""
    all_folders = list(folders)
    marked = (
        folder.name for folder in all_folders if "\\sent" in {attribute.lower() for attribute in folder.attributes}
    )
    usual = (folder.name for folder in all_folders if folder.name.lower() in USUAL_NAMES)
    return next(marked, None) or next(usual, None)
