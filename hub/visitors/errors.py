"""Errors of the chat widget, and of the identities that a web site signs for its visitors."""

from hub.errors import Forged, NotFound


class WidgetNotBuilt(NotFound):
    """The chat widget is not built. Run: make web"""


class IdentityIdInvalid(Forged):
    """The identity needs an id of 1 to {most} characters, without '|'."""

    most: int


class IdentityEmailInvalid(Forged):
    """The e-mail in the identity is not an address. Write it like name@example.com, or leave it out."""


class IdentitySignatureWrong(Forged):
    """The signature of the identity does not match. Sign it with the identity secret of this channel."""


class IdentityExpired(Forged):
    """The identity has expired, or lasts longer than a day. Sign a new one for each page."""


class IdentityTokenMalformed(Forged):
    """The identity is not a JWT with a readable header and the claims sub, aud and exp."""
