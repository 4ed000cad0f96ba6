"""Real servers and accounts for the e-mail channel's tests."""

from collections.abc import Callable, Iterator

import msgspec
import pytest

from hub.channels.email.account import Account
from tests.fakes.dovecot import Dovecot, User


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """Run a real Dovecot for the whole session; each test uses a mailbox of its own."""
    with Dovecot.running() as running:
        yield running


@pytest.fixture
def user(dovecot: Dovecot) -> User:
    """Return a new mailbox."""
    return dovecot.add_user()


@pytest.fixture
def account(dovecot: Dovecot, user: User) -> Account:
    """Return the account of the new mailbox, with a TLS certificate of the test's own authority."""
    return Account(
        address=user.address,
        imap_host=dovecot.host,
        imap_port=dovecot.imaps_port,
        imap_user=user.address,
        imap_password=user.password,
        ca_file=str(dovecot.certificates.authority),
    )


@pytest.fixture
def changed(account: Account) -> Callable[..., Account]:
    """Return the account with some fields changed."""
    return lambda **fields: msgspec.structs.replace(account, **fields)
