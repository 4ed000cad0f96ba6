"""Errors of moving conversations between agents and teams."""

from hub.errors import Conflict


class ConversationClosedMeanwhile(Conflict):
    """This conversation was closed a moment ago. Reload it and try again."""


class ConversationMovedMeanwhile(Conflict):
    """A colleague moved this conversation a moment ago. Reload it and try again."""
