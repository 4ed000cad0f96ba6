"""The requests and responses of the demo's two pages."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

DOMAIN = "customers.example"  # mail for it is delivered to the demo's mailboxes
OneLine = Annotated[str, Meta(max_length=300, pattern=r"^[^\r\n]*$")]


class Customer(Struct, frozen=True, kw_only=True):
    """A customer as whom a user of the demo can act."""

    id: str
    name: str
    email: str


CUSTOMERS = tuple(
    Customer(id=f"c-{n}", name=name, email=f"{local}@{DOMAIN}")
    for n, (name, local) in enumerate(
        (("Ana García", "ana.garcia"), ("Ben Clarke", "ben.clarke"), ("Lucía Romero", "lucia.romero")),
        1001,
    )
)


class DemoState(Struct, frozen=True, kw_only=True):
    """The chat, the mailbox and the customers of the two pages."""

    key: str  # of the demo's chat
    mailbox: str  # the address of the demo's mailbox
    domain: str
    customers: tuple[Customer, ...]


class NewMail(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mail to be sent by a customer of the demo."""

    sender: OneLine
    name: OneLine = ""
    to: OneLine
    subject: OneLine = ""
    text: Annotated[str, Meta(max_length=100_000)]
    answers: UUID | None = None  # the mail in the mailbox that this one replies to
    filename: OneLine | None = None
    media_type: OneLine = "application/octet-stream"
    content: Annotated[str, Meta(max_length=14_000_000)] | None = None  # base64


class Sent(Struct, frozen=True, kw_only=True):
    """The mail was accepted."""

    message_id: str


class MailFile(Struct, frozen=True, kw_only=True):
    """A file of a mail, by its number."""

    number: int
    filename: str
    size: int


class Mail(Struct, frozen=True, kw_only=True):
    """A mail that arrived in a customer's mailbox."""

    id: UUID
    sender: str
    subject: str
    text: str
    answers: bool  # it carries In-Reply-To
    files: tuple[MailFile, ...]
    received_at: datetime
