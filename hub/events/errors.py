"""Errors of the event log's readers."""

from hub.errors import NotFound


class DeadLetterNotFound(NotFound):
    """This dead letter does not exist any more. It was retried or its entry was deleted."""
