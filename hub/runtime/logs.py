"""Write structured logs, one line each, without secrets."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import TextIO

import structlog

from hub.settings import Settings

HIDDEN = "[hidden]"
SECRET_KEY = re.compile(
    r"password|passwd|passphrase|secret|token|authorization|cookie|api_?key|credential|signature|csrf|otp",
    re.IGNORECASE,
)
USERINFO = re.compile(r"(?<=://)[^/@\s]*@")
BEARER = re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
SECRET_IN_QUERY = re.compile(r"([?&](?:token|key|secret|signature|code)=)[^&\s]+", re.IGNORECASE)
ROW = re.compile(r"\s*DETAIL:\s")  # what follows in PostgreSQL's errors quotes the row
DEEPEST = 6
CHATTY = ("httpx", "httpcore", "uvicorn", "uvicorn.error", "uvicorn.access", "alembic", "mail.log", "mail.debug")


def set_up(settings: Settings, stream: TextIO = sys.stderr) -> None:
    """Send our own log lines and the libraries' to one stream, in the format and from the level of the settings."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    console = settings.log_format == "console" or (settings.log_format == "auto" and stream.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        one_line_errors,
        redact,
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=stream.isatty()) if console else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared], processors=[remove, renderer]
        )
    )
    logging.basicConfig(handlers=[handler], level=max(level, logging.INFO), force=True)
    for chatty in CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)


def redact(_: object, __: str, event: MutableMapping[str, object]) -> MutableMapping[str, object]:
    """Hide secrets in a log line: values by their names, and credentials within text."""
    for key, value in event.items():
        event[key] = HIDDEN if SECRET_KEY.search(key) and value else hidden(value)
    return event


def hidden(value: object, depth: int = 0) -> object:
    """Return the value without secrets, down to `DEEPEST` levels."""
    if isinstance(value, str):
        return SECRET_IN_QUERY.sub(rf"\1{HIDDEN}", BEARER.sub(rf"\1 {HIDDEN}", USERINFO.sub(f"{HIDDEN}@", value)))
    if depth >= DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return {key: HIDDEN if SECRET_KEY.search(str(key)) else hidden(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [hidden(each, depth + 1) for each in value]
    return value


def one_line_errors(_: object, __: str, event: MutableMapping[str, object]) -> MutableMapping[str, object]:
    """Replace the exception of a log line by its type, its message, and the innermost line of our code."""
    error = event.pop("exc_info", None)
    if isinstance(error, tuple):
        error = error[1]
    elif error and not isinstance(error, BaseException):
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        event["error"] = f"{type(error).__name__}: {' '.join(ROW.split(str(error))[0].split())}"
        event["where"] = _where(error)
    return event


def _where(error: BaseException) -> str:
    """Return the innermost line of a traceback, and the innermost one within the hub."""
    places: list[str] = []
    trace = error.__traceback__
    while trace:
        name = trace.tb_frame.f_globals.get("__name__", "?")
        places.append(f"{name}:{trace.tb_lineno}")
        trace = trace.tb_next
    ours = [place for place in places if place.startswith("hub.")][-1:]
    return " < ".join(dict.fromkeys([*places[-1:], *ours]))
