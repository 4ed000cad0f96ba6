"""Errors of the durable readers of the log."""

from hub.errors import NotFound


class DeadLetterNotFound(NotFound):
    """This entry is not a dead letter any more. Reload the list."""
