"""Errors of the commands, and of starting the processes."""

from hub.errors import CommandError, Forbidden, SetupError


class MetricsTokenWrong(Forbidden):
    """Metrics are only shown with the token of HUB_METRICS_TOKEN. Send it as a Bearer token."""


class SettingsFileUnreadable(CommandError):
    """{source} cannot be read: {problem}."""

    source: str
    problem: str


class SettingsFileMalformed(CommandError):
    """{source} is not a JSON object of settings: {problem}."""

    source: str
    problem: str


class PortUnusable(SetupError):
    """Port {port} on {host} cannot be used ({problem}).

    Stop what uses it, or choose another with --port or HUB_PORT.
    """

    port: int
    host: str
    problem: str


class DatabaseNotSet(SetupError):
    """There is no database. Set HUB_DATABASE_URL, or use `hub up`, which brings its own."""
