"""Errors of conversations, messages, files and contacts."""

from hub.errors import Conflict, NotFound, TooLarge


class ConversationNotFound(NotFound):
    """This conversation does not exist, or you do not have access to it."""


class MessageNotFound(NotFound):
    """This message does not exist, or you do not have access to it."""


class AttachmentNotFound(NotFound):
    """This file does not exist, or you do not have access to it."""


class ContactNotFound(NotFound):
    """This contact does not exist, or you do not have access to any of their conversations."""


class ContactMergedWithItself(Conflict):
    """A contact cannot be merged with itself. Choose another contact."""


class ContactAlreadyMerged(Conflict):
    """One of these contacts was already merged into another. Open that one and try again."""


class ContactNotMerged(NotFound):
    """This contact is not merged into another, so there is nothing to undo."""


class UploadTooLarge(TooLarge):
    """The file is too large. A file can have up to {limit_mb} MB."""

    limit_mb: int


class NoPreview(NotFound):
    """This file has no preview. Download it instead."""


class AlreadyResolved(Conflict):
    """This conversation is resolved. Reopen it first."""


class NotResolved(Conflict):
    """This conversation is not resolved. Reload it and try again."""


class NotSnoozed(Conflict):
    """This conversation is not snoozed. Reload it and try again."""
