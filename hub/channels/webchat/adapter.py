"""Web chat: a visitor of a shop's page writes through the widget, and reads the answer there."""

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
    Notice,
    OutboundMessage,
    Point,
    Resend,
    Unreadable,
    WorkClass,
)
from hub.channels.webchat.errors import ChatMessageMalformed, ChatReady, ChatReadyAnywhere
from hub.channels.webchat.protocol import MAX_FILE_BYTES, MAX_FILES, MAX_TEXT_CHARS
from hub.channels.webchat.stored_message import Said, Seen, said_key, unpack

SCHEME = "webchat"
Secret = Annotated[str, Meta(extra_json_schema={"format": "password"})]
Origin = Annotated[
    str, Meta(pattern=r"^https?://[^/\s]+$", description="Scheme, host and port, for example https://shop.example.")
]


def _new_key() -> str:
    return secrets.token_hex(12)


class ChatAccount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an administrator fills in for a chat on one web site."""

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
        """Make the key and the secret where they were left empty."""
        if not self.key:
            msgspec.structs.force_setattr(self, "key", _new_key())
        if not self.identity_secret:
            msgspec.structs.force_setattr(self, "identity_secret", secrets.token_urlsafe(32))

    def greeting(self, locale: str | None) -> str:
        """Give the greeting in the visitor's language."""
        return self.greeting_es if (locale or "").lower().startswith("es") else self.greeting_en


class WebchatAdapter(Adapter):
    """The timeline itself carries our words: the visitor's socket reads them there."""

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
        """Serve one site."""
        self.account = account

    @classmethod
    def embed(cls, account: Struct, base_url: str) -> dict[str, str] | None:
        """Give the two lines a site's pages need."""
        if not isinstance(account, ChatAccount):
            return None
        script = f'<script type="module" src="{base_url}/chat.js"></script>'
        return {"key": account.key, "snippet": f'{script}\n<hub-chat key="{account.key}"></hub-chat>'}

    async def send(self, message: OutboundMessage) -> str:
        """Nothing leaves the house: once the message counts as sent, the visitor's socket finds it."""
        return message.id

    async def find_sent(self, message: OutboundMessage) -> str | None:
        """It cannot be lost on the way."""
        return message.id

    def parse(self, callback: Callback) -> Sequence[Inbound]:
        """Read what the visitors' door kept."""
        try:
            kept = unpack(callback.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return (
                Unreadable(
                    external_id=callback.headers.get("dedupe-key", ""),
                    reason=ChatMessageMalformed(problem=str(error)).reason,
                ),
            )
        return _receipts(kept) if isinstance(kept, Seen) else (_message(kept),)

    async def check(self) -> Sequence[Notice]:
        """Name the sites whose visitors it admits."""
        sites = ", ".join(self.account.allowed_origins)
        return (ChatReady(sites=sites) if sites else ChatReadyAnywhere(),)


def _message(said: Said) -> InboundMessage:
    return InboundMessage(
        external_id=said_key(said.visitor, said.id),
        sender=Point(scheme=SCHEME, value=said.point, name=_name(said), verified=said.verified is not None),
        also=_vouched(said),
        text=said.text,
        files=tuple(
            File(filename=f.filename, media_type=f.media_type, digest=f.digest, size=f.size) for f in said.files
        ),
        sent_at=said.at,
        language=said.locale,
    )


def _name(said: Said) -> str | None:
    return (said.verified.name if said.verified else None) or said.name


def _vouched(said: Said) -> tuple[Point, ...]:
    """A signed e-mail joins the threads of that address; one merely typed in does not."""
    if said.verified is None or said.verified.email is None:
        return ()
    return (Point(scheme="mailto", value=said.verified.email, name=_name(said), verified=True),)


def _receipts(seen: Seen) -> tuple[Inbound, ...]:
    delivered = (DeliveryReceipt(external_id=i, status="delivered", at=seen.at) for i in seen.delivered)
    read = (DeliveryReceipt(external_id=i, status="read", at=seen.at) for i in seen.read)
    return (*delivered, *read)
