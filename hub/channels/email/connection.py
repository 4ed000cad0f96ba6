"""What IMAP and SMTP share: trust in certificates, and the meaning of connection errors for an administrator."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.channels.contract import Misconfigured, SendError, Unreachable
from hub.channels.email.account import Account


def tls_context(account: Account) -> ssl.SSLContext:
    """Trust the system's certificate authorities, or the account's own; raises `Misconfigured` for a bad file."""
    if account.ca_file is None:
        return ssl.create_default_context()
    if not Path(account.ca_file).is_file():
        raise Misconfigured(f"The file of trusted certificates {account.ca_file} is not there. Correct its path.")
    try:
        context = ssl.create_default_context(cafile=account.ca_file)
        context.verify_flags &= (
            ~ssl.VERIFY_X509_STRICT
        )  # on by default in Python 3.13; many private authorities fail it
        return context
    except ssl.SSLError:
        raise Misconfigured(f"{account.ca_file} holds no certificate in PEM form. Give another file.") from None


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
            return Misconfigured(
                f"The certificate of {server} is not trusted ({error.verify_message}). "
                "Check the server's name, or give the file of its authority."
            )
        case ssl.SSLError():
            return Misconfigured(f"{server} does not speak TLS here. Check the port and the kind of security.")
        case socket.gaierror() if error.errno != socket.EAI_AGAIN:
            return Misconfigured(f"There is no server named {server}. Check the name.")
        case TimeoutError():
            return Unreachable(f"{server} did not answer in time. It is tried again by itself.")
        case ConnectionRefusedError():
            return Unreachable(f"Nobody answers at {server}. Check the port, or wait until the server is back.")
        case _:
            return Unreachable(f"The connection to {server} was lost. It is tried again by itself.")
