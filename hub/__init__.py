"""Every customer conversation, on every channel, in one inbox."""

__version__ = "0.1.0"
