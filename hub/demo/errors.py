"""Errors of the demo's shop and mailbox."""

from hub.errors import BadInput, NotFound, Unavailable


class DemoMissing(NotFound):
    """There is no demo here. Start one with: hub up --demo"""


class DemoCustomerUnknown(NotFound):
    """The demo shop has no such customer. Choose one from the list."""


class DemoMailGone(NotFound):
    """This mail does not exist any more. Reload the mailbox."""


class DemoFileNotFound(NotFound):
    """This mail has no such file."""


class DemoPageNotFound(NotFound):
    """There is no such page. Start again at /demo."""


class DemoNotBuilt(NotFound):
    """The pages of the demo are not built. Run: make web"""


class DemoSenderForeign(BadInput):
    """A customer of the demo has an address at {domain}. Choose one of those."""

    field = "sender"
    domain: str


class DemoRecipientUnknown(BadInput):
    """No mailbox of the hub has the address {address}. Write to the address of an e-mail channel."""

    field = "to"
    address: str


class DemoFileMalformed(BadInput):
    """The file is not encoded in base64. Attach it again."""

    field = "content"


class DemoMailRefused(Unavailable):
    """The hub's own mail server on port {port} did not accept the mail: {problem}."""

    port: int
    problem: str
