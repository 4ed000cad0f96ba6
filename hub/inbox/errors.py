"""Errors of reading, answering and changing conversations."""

from hub.errors import BadInput, Conflict, Forbidden, NotFound


class AssignedToColleague(Forbidden):
    """This conversation belongs to a colleague. Ask them or a supervisor to hand it over."""


class WakeTimePassed(BadInput):
    """This time has already passed. Choose a later one."""

    field = "until"


class SnoozeTooLong(BadInput):
    """A conversation can be snoozed for at most two years. Choose an earlier date."""

    field = "until"


class AssigneeUnknown(BadInput):
    """This agent does not exist or cannot take conversations. Choose another one."""

    field = "agent_id"


class NewerReply(Conflict):
    """{name} has replied in the meantime. Read that reply, then send yours if it is still needed."""

    name: str


class NotYourReply(NotFound):
    """This reply does not exist or is not yours. Only the author can undo a reply."""


class ReplyAlreadySent(Conflict):
    """This reply has already been sent and cannot be undone. Send a correction instead."""


class ReplyChannelGone(BadInput):
    """This channel does not exist any more. Reply on another channel."""

    field = "channel_id"


class ChannelPaused(Conflict):
    """{channel} is paused. Reply on another channel, or ask an administrator to resume it."""

    field = "channel_id"
    channel: str


class ContactUnreachable(BadInput):
    """This customer cannot be reached at this address on this channel. Choose another address."""

    field = "point_id"


class ContactMustWriteFirst(Conflict):
    """This customer has never written to {channel}, and only they can start there. Reply on another channel."""

    channel: str


class ReplyWindowClosed(Conflict):
    """On {channel} you can only reply within {hours} hours of the customer's last message. Use another channel."""

    channel: str
    hours: int


class CopiesNotSupported(BadInput):
    """This channel cannot send copies. Remove the addresses in Cc."""

    field = "cc"


class CopyAddressInvalid(BadInput):
    """{address} is not an e-mail address. Write it like name@example.com."""

    field = "cc"
    address: str


class UploadGone(BadInput):
    """One of the files is not available any more. Remove it and attach it again."""

    field = "attachment_ids"
    file: str


class UploadLengthMissing(BadInput):
    """The length of the upload is missing. Send it in the header Content-Length."""


class UploadFileMissing(BadInput):
    """The upload contains no file. Send it in the form field file."""

    field = "file"


class NoteEmpty(BadInput):
    """The note is empty. Write something."""

    field = "text"


class MentionUnknown(BadInput):
    """One of the people you mentioned is not an agent any more. Remove the mention."""

    field = "mentions"
    agent: str


class MentionWithoutAccess(BadInput):
    """{name} cannot see this conversation. Assign it to their team first, or remove the mention."""

    field = "mentions"
    name: str


class TagEmpty(BadInput):
    """A tag needs at least one character."""

    field = "add"


class TagTooLong(BadInput):
    """A tag can have up to {most} characters; this one has {count}. Shorten it."""

    field = "add"
    most: int
    count: int


class TagWithControls(BadInput):
    """A tag cannot contain line breaks or other control characters. Remove them."""

    field = "add"


class TooManyTags(BadInput):
    """A conversation can have up to {most} tags. Remove one first."""

    field = "add"
    most: int


class ViewUnknown(BadInput):
    """There is no view '{view}'. Choose one of {known}."""

    field = "view"
    view: str
    known: str


class MessageIdTaken(Conflict):
    """Another message already has this id. Make a new id for each new message."""

    field = "id"
