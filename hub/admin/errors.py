"""Errors of the settings of channels."""

from hub.errors import BadInput, Conflict, NotFound, Unavailable


class ChannelNotFound(NotFound):
    """This channel does not exist any more. Reload the page to see the current list."""


class ChannelNameInvalid(BadInput):
    """Enter a name of 1 to {most} characters for the channel."""

    field = "name"
    most: int


class ChannelAddressMissing(BadInput):
    """Enter the address at which customers reach this channel."""

    field = "address"


class ChannelAddressTaken(Conflict):
    """Another channel already uses the address {address}. Enter a different one."""

    field = "address"
    address: str


class ChannelKindFixed(BadInput):
    """The kind of a channel cannot change; this one is of the kind {kind}. Add a new channel instead."""

    field = "kind"
    kind: str


class SecretNeededAgain(BadInput):
    """The server has changed. Enter this password again, so that it is never sent to a server you did not choose."""


class TestTimedOut(Unavailable):
    """There was no answer within {seconds} seconds. Check the name and port of the server."""

    seconds: int
