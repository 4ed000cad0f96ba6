"""The web chat channel: a visitor of a web site writes in the widget and reads the answers there."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta, Struct

from hub.channels.contract import (
    Adapter,
    AttachmentRule,
    Callback,
    Capabilities,
    DeliveryReceipt,
    File,
    Inbound,
    InboundMessage,
    OutboundMessage,
    Point,
    Resend,
    Unreadable,
    WorkClass,
)
from hub.channels.webchat.protocol import MAX_FILE_BYTES, MAX_FILES, MAX_TEXT_CHARS
from hub.channels.webchat.stored_message import VisitorMessage, VisitorReceipts, message_key, unpack

SCHEME = "webchat"
Secret = Annotated[str, Meta(extra_json_schema={"format": "password"})]
Origin = Annotated[
    str, Meta(pattern=r"^https?://[^/\s]+$", description="Scheme, host and port, for example https://shop.example.")
]


def _random_key() -> str:
    return secrets.token_hex(12)


class ChatAccount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of the chat on one web site, as an administrator fills them in."""

    site_name: Annotated[
        str, Meta(min_length=1, max_length=80, title="Site name", description="The title of the chat window.")
    ]
    greeting_en: Annotated[str, Meta(max_length=300, title="Greeting (English)")] = "Hi! How can we help?"
    greeting_es: Annotated[str, Meta(max_length=300, title="Greeting (Spanish)")] = "¡Hola! ¿En qué podemos ayudarte?"
    allowed_origins: Annotated[
        tuple[Origin, ...], Meta(title="Allowed sites", description="Exact origins; none: any site.")
    ] = ()
    prechat: Annotated[bool, Meta(title="Ask for name and e-mail first")] = False
    replies_in: Annotated[int, Meta(ge=1, le=1440, title="Usual reply time", description="Minutes.")] | None = None
    require_verification: Annotated[bool, Meta(title="Only for signed-in customers")] = False
    identity_secret: Annotated[
        Secret, Meta(title="Identity secret", description="Your server signs with it who is signed in.")
    ] = ""
    key: Annotated[
        str, Meta(pattern=r"^[A-Za-z0-9_-]{0,64}$", title="Public key", description="Names this chat in the snippet.")
    ] = ""

    def __post_init__(self) -> None:
        """Generate the key and the secret if they were left empty."""
        if not self.key:
            msgspec.structs.force_setattr(self, "key", _random_key())
        if not self.identity_secret:
            msgspec.structs.force_setattr(self, "identity_secret", secrets.token_urlsafe(32))

    def greeting(self, locale: str | None) -> str:
        """Return the greeting in the visitor's language; English for None and for other languages."""
        return self.greeting_es if (locale or "").lower().startswith("es") else self.greeting_en


class WebchatAdapter(Adapter):
    """Needs no provider: the visitor's socket reads our messages from the timeline."""

    kind: ClassVar[str] = "webchat"
    Account: ClassVar[type[Struct]] = ChatAccount
    capabilities: ClassVar[Capabilities] = Capabilities(
        scheme=SCHEME,
        max_chars=MAX_TEXT_CHARS,
        formatting="markdown",
        attachments=AttachmentRule(
            max_count=MAX_FILES, max_bytes=MAX_FILE_BYTES, max_total_bytes=MAX_FILES * MAX_FILE_BYTES
        ),
        receipts=("delivered", "read"),
        typing=True,
        resend=Resend.SAFE,
        live=True,
        lines=8,
        undo=timedelta(seconds=3),
        work_class=WorkClass.LIVE,
    )

    def __init__(self, account: ChatAccount) -> None:
        """Create the adapter of one web site."""
        self.account = account

    @classmethod
    def embed(cls, account: Struct, base_url: str) -> dict[str, str] | None:
        """Return the public key and the two lines of HTML for a site's pages."""
        if not isinstance(account, ChatAccount):
            return None
        script = f'<script type="module" src="{base_url}/chat.js"></script>'
        return {"key": account.key, "snippet": f'{script}\n<hub-chat key="{account.key}"></hub-chat>'}

    async def send(self, message: OutboundMessage) -> str:
        """Return the id at once: a message stored as sent is read by the visitor's socket."""
        return message.id

    async def find_sent(self, message: OutboundMessage) -> str | None:
        """Return the id: a message cannot be lost on the way."""
        return message.id

    def parse(self, callback: Callback) -> Sequence[Inbound]:
        """Decode a visitor's item into a message or receipts; an unreadable one becomes `Unreadable`."""
        try:
            item = unpack(callback.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return (Unreadable(external_id=callback.headers.get("dedupe-key", ""), reason=str(error)),)
        return _receipts(item) if isinstance(item, VisitorReceipts) else (_message(item),)

    async def check(self) -> str:
        """Describe the web sites from which visitors may connect."""
        origins = ", ".join(self.account.allowed_origins) or "any site"
        return f"Ready for visitors from {origins}."


def _message(message: VisitorMessage) -> InboundMessage:
    return InboundMessage(
        external_id=message_key(message.visitor, message.id),
        sender=Point(scheme=SCHEME, value=message.point, name=_name(message), verified=message.verified is not None),
        verified_points=_verified_points(message),
        text=message.text,
        files=tuple(
            File(filename=f.filename, media_type=f.media_type, digest=f.digest, size=f.size) for f in message.files
        ),
        sent_at=message.at,
        language=message.locale,
    )


def _name(message: VisitorMessage) -> str | None:
    return (message.verified.name if message.verified else None) or message.name


def _verified_points(message: VisitorMessage) -> tuple[Point, ...]:
    """Return the signed e-mail address, which joins the threads of that address; one typed into a form does not."""
    if message.verified is None or message.verified.email is None:
        return ()
    return (Point(scheme="mailto", value=message.verified.email, name=_name(message), verified=True),)


def _receipts(receipts: VisitorReceipts) -> tuple[Inbound, ...]:
    delivered = (DeliveryReceipt(external_id=i, status="delivered", at=receipts.at) for i in receipts.delivered)
    read = (DeliveryReceipt(external_id=i, status="read", at=receipts.at) for i in receipts.read)
    return (*delivered, *read)
