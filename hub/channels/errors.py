"""Errors of channels of any kind: their settings, and what they can carry."""

from hub.channels.send_errors import Misconfigured, Rejected
from hub.errors import BadInput, CodedText, Forged, NotFound


class ChannelKindUnknown(NotFound):
    """There is no channel kind '{kind}'; there are {known}."""

    kind: str
    known: str


class SettingsInvalid(BadInput):
    """These settings cannot be used: {problem}."""

    problem: str


class SettingMissing(BadInput):
    """{label} is missing. Fill it in."""

    label: str


class SettingNotOfKind(BadInput):
    """There is no setting called {name}. Remove it, or check the spelling."""

    name: str


class SettingInvalid(BadInput):
    """{label} cannot be used: {problem}. {help}"""

    label: str
    problem: str
    help: str


class SettingMalformed(BadInput):
    """{label} does not have the right form. {help}"""

    label: str
    help: str


class NothingToSend(BadInput):
    """There is nothing to send. Write something or attach a file."""

    field = "text"


class FilesNotSupported(BadInput):
    """This channel cannot send files. Remove {file}."""

    field = "attachment_ids"
    file: str


class TooManyFiles(BadInput):
    """This channel can send at most {most} files at once; there are {count}. Remove {file}."""

    field = "attachment_ids"
    most: int
    count: int
    file: str


class FileTypeNotSupported(BadInput):
    """This channel cannot send {file} ({media_type}). It accepts {accepted}."""

    field = "attachment_ids"
    file: str
    media_type: str
    accepted: str


class FileTooLargeForChannel(BadInput):
    """{file} has {size_bytes}, and this channel can send up to {limit_bytes}. Send a smaller file."""

    field = "attachment_ids"
    file: str
    size_bytes: int
    limit_bytes: int


class FilesTooLargeTogether(BadInput):
    """The files have {size_bytes} together, and this channel can send up to {limit_bytes}.

    Remove the largest, {file}.
    """

    field = "attachment_ids"
    size_bytes: int
    limit_bytes: int
    file: str


class AccountUnusable(Misconfigured):
    """The settings of this channel cannot be used: {cause}"""

    cause: CodedText


class ContentNotCarried(Rejected):
    """The channel cannot carry this message: {cause}"""

    cause: CodedText


class NoCallbacks(Forged):
    """This channel accepts no requests from outside. Check the address of the request."""
