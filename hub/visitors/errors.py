"""Errors of serving the chat widget."""

from hub.errors import NotFound


class WidgetNotBuilt(NotFound):
    """The chat widget is not built. Run: make web"""
