"""Helpers of IMAP and SMTP: trust in certificates, and what connection errors mean to an administrator."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from hub.channels.email.account import Account
from hub.channels.email.errors import (
    CertificateFileEmpty,
    CertificateFileMissing,
    CertificateNotTrusted,
    ConnectionLost,
    ServerNameUnknown,
    ServerRefusesConnection,
    ServerSilent,
    TlsNotSpoken,
)
from hub.channels.send_errors import SendError


def tls_context(account: Account) -> ssl.SSLContext:
    """Trust the system's certificate authorities, or the account's own; raises `Misconfigured` for a bad file."""
    if account.ca_file is None:
        return ssl.create_default_context()
    if not Path(account.ca_file).is_file():
        raise CertificateFileMissing(file=account.ca_file)
    try:
        context = ssl.create_default_context(cafile=account.ca_file)
        context.verify_flags &= (
            ~ssl.VERIFY_X509_STRICT
        )  # on by default in Python 3.13; many private authorities fail it
        return context
    except ssl.SSLError:
        raise CertificateFileEmpty(file=account.ca_file) from None


def writable(transport: asyncio.BaseTransport | None) -> asyncio.Transport | None:
    """Return the transport as one that can be written to; None when there is none or it cannot.

    Its methods tell, not its class: uvloop's transports are no subclasses of asyncio's.
    """
    return cast("asyncio.Transport", transport) if hasattr(transport, "get_write_buffer_size") else None


@contextmanager
def translate_errors(server: str) -> Iterator[None]:
    """Convert connection errors to a `SendError` with a sentence that names the server."""
    try:
        yield
    except (OSError, EOFError) as error:
        raise to_send_error(error, server) from error


def to_send_error(error: OSError | EOFError, server: str) -> SendError:
    """Return `Misconfigured` for what an administrator must correct, `Unreachable` for what may pass by itself."""
    match error:
        case ssl.SSLCertVerificationError():
            return CertificateNotTrusted(where=server, problem=error.verify_message)
        case ssl.SSLError():
            return TlsNotSpoken(where=server)
        case socket.gaierror() if error.errno != socket.EAI_AGAIN:
            return ServerNameUnknown(where=server)
        case TimeoutError():
            return ServerSilent(where=server)
        case ConnectionRefusedError():
            return ServerRefusesConnection(where=server)
        case _:
            return ConnectionLost(where=server)
