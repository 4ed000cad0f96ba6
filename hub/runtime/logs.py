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
ROW_DETAIL = re.compile(r"\s*DETAIL:\s")  # where the quoted row begins in an error of PostgreSQL
MAX_DEPTH = 6  # levels of nested values; deeper ones are logged as …
NOISY_LOGGERS = ("httpx", "httpcore", "uvicorn", "uvicorn.error", "uvicorn.access", "alembic", "mail.log", "mail.debug")


def set_up(settings: Settings, stream: TextIO = sys.stderr) -> None:
    """Write the logs of our code and of the libraries to one stream, in the format and level of the settings."""
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
    for name in NOISY_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)


def redact(_: object, __: str, event: MutableMapping[str, object]) -> MutableMapping[str, object]:
    """Hide secrets in a log line: values of fields with a secret name, and credentials within text."""
    for key, value in event.items():
        event[key] = HIDDEN if SECRET_KEY.search(key) and value else without_secrets(value)
    return event


def without_secrets(value: object, depth: int = 0) -> object:
    """Return the value without secrets; levels below `MAX_DEPTH` are replaced by …."""
    if isinstance(value, str):
        return SECRET_IN_QUERY.sub(rf"\1{HIDDEN}", BEARER.sub(rf"\1 {HIDDEN}", USERINFO.sub(f"{HIDDEN}@", value)))
    if depth >= MAX_DEPTH:
        return "…"
    if isinstance(value, Mapping):
        is_secret = SECRET_KEY.search
        return {key: HIDDEN if is_secret(str(key)) else without_secrets(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [without_secrets(item, depth + 1) for item in value]
    return value


def one_line_errors(_: object, __: str, event: MutableMapping[str, object]) -> MutableMapping[str, object]:
    """Replace the exception of a log line by its type, its message, and the innermost line of our code."""
    error = event.pop("exc_info", None)
    if isinstance(error, tuple):
        error = error[1]
    elif error and not isinstance(error, BaseException):
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        event["error"] = f"{type(error).__name__}: {' '.join(ROW_DETAIL.split(str(error))[0].split())}"
        event["where"] = _where(error)
    return event


def _where(error: BaseException) -> str:
    """Return the module and line of the innermost frame of a traceback, and of the innermost one in our code."""
    frames: list[str] = []
    trace = error.__traceback__
    while trace:
        name = trace.tb_frame.f_globals.get("__name__", "?")
        frames.append(f"{name}:{trace.tb_lineno}")
        trace = trace.tb_next
    hub_frames = [frame for frame in frames if frame.startswith("hub.")][-1:]
    return " < ".join(dict.fromkeys([*frames[-1:], *hub_frames]))
