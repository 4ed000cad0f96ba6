"""What both mail protocols share: trust, and what a connection's fault means to an administrator."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from hub.channels.contract import Misconfigured, SendError, Unreachable
from hub.channels.email.account import Account


def trust(account: Account) -> ssl.SSLContext:
    """Trust the system's authorities, or the account's own; `Misconfigured` when its file is no good."""
    if account.ca_file is None:
        return ssl.create_default_context()
    if not Path(account.ca_file).is_file():
        raise Misconfigured(f"The file of trusted certificates {account.ca_file} is not there. Correct its path.")
    try:
        context = ssl.create_default_context(cafile=account.ca_file)
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # on in Python 3.13: many a company's own authority fails it
        return context
    except ssl.SSLError:
        raise Misconfigured(f"{account.ca_file} holds no certificate in PEM form. Give another file.") from None


def writable(transport: asyncio.BaseTransport | None) -> asyncio.Transport | None:
    """Return the transport as one that can be written to; None when there is none or it cannot.

    Its methods tell, not its class: uvloop's transports are no subclasses of asyncio's.
    """
    return cast("asyncio.Transport", transport) if hasattr(transport, "get_write_buffer_size") else None


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
            return Misconfigured(
                f"The certificate of {where} is not trusted ({error.verify_message}). "
                "Check the server's name, or give the file of its authority."
            )
        case ssl.SSLError():
            return Misconfigured(f"{where} does not speak TLS here. Check the port and the kind of security.")
        case socket.gaierror() if error.errno != socket.EAI_AGAIN:
            return Misconfigured(f"There is no server named {where}. Check the name.")
        case TimeoutError():
            return Unreachable(f"{where} did not answer in time. It is tried again by itself.")
        case ConnectionRefusedError():
            return Unreachable(f"Nobody answers at {where}. Check the port, or wait until the server is back.")
        case _:
            return Unreachable(f"The connection to {where} was lost. It is tried again by itself.")
