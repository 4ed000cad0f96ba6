"""What both mail protocols share: trust, and what a connection's fault means to an administrator."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.channels.contract import SendError
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


def trust(account: Account) -> ssl.SSLContext:
    """Trust the system's authorities, or the account's own; `Misconfigured` when its file is no good."""
    if account.ca_file is None:
        return ssl.create_default_context()
    if not Path(account.ca_file).is_file():
        raise CertificateFileMissing(file=account.ca_file)
    try:
        context = ssl.create_default_context(cafile=account.ca_file)
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # on in Python 3.13: many a company's own authority fails it
        return context
    except ssl.SSLError:
        raise CertificateFileEmpty(file=account.ca_file) from None


@contextmanager
def told_plainly(where: str) -> Iterator[None]:
    """Turn whatever a connection to `where` may raise into a `SendError` with a sentence."""
    try:
        yield
    except (OSError, EOFError) as error:
        raise fault(error, where) from error


def fault(error: OSError | EOFError, where: str) -> SendError:
    """Say what the fault means: what an administrator must mend, or what passes by itself."""
    match error:
        case ssl.SSLCertVerificationError():
            return CertificateNotTrusted(where=where, problem=error.verify_message)
        case ssl.SSLError():
            return TlsNotSpoken(where=where)
        case socket.gaierror() if error.errno != socket.EAI_AGAIN:
            return ServerNameUnknown(where=where)
        case TimeoutError():
            return ServerSilent(where=where)
        case ConnectionRefusedError():
            return ServerRefusesConnection(where=where)
        case _:
            return ConnectionLost(where=where)
