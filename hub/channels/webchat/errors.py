"""Errors of web chat as a channel."""

from hub.channels.send_errors import Notice
from hub.errors import Internal


class ChatReady(Notice):
    """Ready for visitors of {sites}."""

    sites: str


class ChatReadyAnywhere(Notice):
    """Ready for visitors of any site. To allow only your own sites, list them in the settings."""


class ChatMessageMalformed(Internal):
    """This chat message cannot be read ({problem}). Ask the visitor to write again."""

    problem: str
