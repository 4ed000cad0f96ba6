"""The settings of an installation: one frozen Struct, read once from HUB_* variables."""

import os
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from hub.environment import SECRET, Reader, Setting

POSTGRES_SCHEMES = {"postgres", "postgresql", "postgresql+asyncpg"}
REDIS_SCHEMES = {"redis", "rediss", "unix"}

MailPort = Annotated[int, Meta(ge=0, le=65535)]


class Settings(Struct, frozen=True, kw_only=True):
    """All settings with their defaults, limits and help; lengths of time are written 10s, 30m, 12h or 7d."""

    database_url: Annotated[
        str | None,
        Meta(
            description="PostgreSQL 15 or newer, as postgresql://user:password@host/name. "
            "Unset: `hub up` starts its own server in the data folder.",
            extra=SECRET,
        ),
    ] = None
    redis_url: Annotated[
        str | None,
        Meta(
            description="Redis, as redis://host:6379/0. Needed as soon as more than one process runs. "
            "Unset: signals and presence stay within this one process.",
            extra=SECRET,
        ),
    ] = None
    data_dir: Annotated[
        Path,
        Meta(description="Folder for attachments, raw mail, the generated key and the embedded database."),
    ]
    host: Annotated[str, Meta(description="Address the web server listens on; 0.0.0.0 for all.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535, description="Port the web server listens on.")] = 8000
    public_url: Annotated[
        str | None,
        Meta(
            description="Where people reach the hub, such as https://help.example.com; all links in mails and "
            "on web sites start with it, and https:// makes the cookies Secure. Unset: http://localhost:PORT.",
        ),
    ] = None
    secret_key: Annotated[
        str | None,
        Meta(
            description="Master key for stored credentials: 32 random bytes in base64 or hex "
            "(`openssl rand -base64 32`). Unset: generated once and stored as secret.key "
            "in the data folder, with the embedded database only.",
            extra=SECRET,
        ),
    ] = None
    previous_secret_keys: Annotated[
        tuple[str, ...],
        Meta(
            description="Retired master keys, comma-separated. They still decrypt older secrets until `hub reseal` "
            "encrypts these with the current key.",
            extra=SECRET,
        ),
    ] = ()
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(
            description="Networks of reverse proxies whose X-Forwarded-* headers count, comma-separated, "
            "such as 10.0.0.0/8. Unset: the headers are ignored.",
        ),
    ] = ()
    mail_host: Annotated[str, Meta(description="Address the SMTP and LMTP servers for incoming mail listen on.")] = (
        "127.0.0.1"
    )
    smtp_port: Annotated[
        MailPort | None,
        Meta(
            description="Port of the SMTP server for incoming mail; 0: no server. "
            "Unset: 2525 or any free port in `hub up`, no server elsewhere.",
        ),
    ] = None
    lmtp_port: Annotated[
        MailPort | None,
        Meta(
            description="Port of the LMTP server for incoming mail; 0: no server. "
            "Unset: 2424 or any free port in `hub up`, no server elsewhere.",
        ),
    ] = None
    max_mail_bytes: Annotated[
        int,
        Meta(
            ge=65536,
            le=1 << 30,
            description="The largest mail accepted over SMTP, LMTP or HTTP, in bytes.",
        ),
    ] = 50 * 1024 * 1024
    max_upload_bytes: Annotated[
        int, Meta(ge=65536, le=1 << 30, description="The largest file an agent or a visitor may attach, in bytes.")
    ] = 25 * 1024 * 1024
    session_idle: Annotated[
        timedelta, Meta(description="A person who does nothing for this long has to sign in again.")
    ] = timedelta(hours=1)
    session_lifetime: Annotated[
        timedelta, Meta(description="A person has to sign in again this long after signing in, active or not.")
    ] = timedelta(hours=12)
    undo_window: Annotated[
        timedelta, Meta(description="How long a reply waits before it is sent, so that it can be undone.")
    ] = timedelta(seconds=10)
    provider_timeout: Annotated[
        timedelta, Meta(description="How long a mail server or provider may take to answer when a channel is tested.")
    ] = timedelta(seconds=30)
    deliveries: Annotated[
        int, Meta(ge=1, le=200, description="How many messages one process sends at the same time.")
    ] = 8
    database_connections: Annotated[
        int, Meta(ge=2, le=500, description="Connections to PostgreSQL one process may hold.")
    ] = 16
    password_threads: Annotated[
        int, Meta(ge=1, le=32, description="How many passwords one process checks at the same time.")
    ] = 2
    metrics_token: Annotated[
        str | None,
        Meta(
            description="Bearer token that opens /metrics. Unset: /metrics answers this machine only.",
            extra=SECRET,
        ),
    ] = None
    log_format: Annotated[
        Literal["auto", "console", "json"],
        Meta(description="console for people, json for collectors; auto: console on a terminal, else json."),
    ] = "auto"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="The least severe level that is logged.")
    ] = "info"

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> Self:
        """Read and check every HUB_* variable; raises SetupError naming the variable and what it should be."""
        return READER.read(cls, {"HUB_DATA_DIR": str(default_data_dir(environ)), **environ})

    @property
    def embedded(self) -> bool:
        """Whether the hub starts its own PostgreSQL."""
        return self.database_url is None

    @property
    def base_url(self) -> str:
        """The address at which people reach the hub, without a slash at the end."""
        return self.public_url or f"http://localhost:{self.port}"

    @property
    def secure(self) -> bool:
        """Whether people use HTTPS, so that cookies can require it."""
        return self.base_url.startswith("https://")


def describe() -> list[Setting]:
    """Return every setting with its default and help, for `hub settings` and docs/operations.md."""
    return READER.describe(Settings, defaults=Settings(data_dir=Path("~/.local/share/hub, or /var/lib/hub as root")))


def default_data_dir(environ: Mapping[str, str]) -> Path:
    """Return the data folder used by default: /var/lib/hub for root, else one in the user's XDG data folder."""
    if os.geteuid() == 0:
        return Path("/var/lib/hub")
    return Path(environ.get("XDG_DATA_HOME") or Path(environ.get("HOME", "."), ".local/share"), "hub")


def _database_url(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    if scheme not in POSTGRES_SCHEMES or not separator:
        raise ValueError("the address has to start with postgresql://")
    return f"postgresql+asyncpg://{rest}"


def _redis_url(text: str) -> str:
    if urlsplit(text).scheme not in REDIS_SCHEMES:
        raise ValueError("the address has to start with redis://, rediss:// or unix://")
    return text


def _public_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("the address has to start with http:// or https://")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("the address may have no path")
    return text.rstrip("/")


def _networks(text: str) -> tuple[str, ...]:
    return tuple(str(ip_network(part.strip(), strict=False)) for part in text.split(",") if part.strip())


READER = Reader(
    prefix="HUB_",
    checks={
        "database_url": _database_url,
        "redis_url": _redis_url,
        "data_dir": lambda text: Path(text).expanduser().absolute(),
        "public_url": _public_url,
        "trusted_proxies": _networks,
    },
)
