"""The web chat channel: a visitor of a web site writes in the widget and reads the answers there."""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

import msgspec
from msgspec import Struct

from hub.channels.chat_contract import (
    MAX_FILE_BYTES,
    MAX_FILES,
    MAX_TEXT_CHARS,
    ChatAccount,
    VisitorMessage,
    VisitorReceipts,
    message_key,
    point_display,
    unpack,
)
from hub.channels.contract import (
    Adapter,
    Appearance,
    AttachmentRule,
    Callback,
    Capabilities,
    Colour,
    DeliveryReceipt,
    File,
    Inbound,
    InboundMessage,
    Label,
    OutboundMessage,
    Point,
    Resend,
    Unreadable,
    WorkClass,
)
from hub.channels.send_errors import Notice
from hub.channels.webchat.errors import ChatMessageMalformed, ChatReady, ChatReadyAnywhere

SCHEME = "webchat"
SPEECH_BUBBLE = (  # "message-circle" of Lucide (ISC licence)
    "M2.992 16.342a2 2 0 0 1 .094 1.167l-1.065 3.29a1 1 0 0 0 1.236 1.168l3.413-.998a2 2 0 0 1 1.099.092"
    " 10 10 0 1 0-4.777-4.719"
)


class WebchatAdapter(Adapter):
    """Needs no provider: the visitor's socket reads our messages from the timeline."""

    kind: ClassVar[str] = "webchat"
    appearance: ClassVar[Appearance] = Appearance(
        label=Label(en="Web chat", es="Chat web"), icon=SPEECH_BUBBLE, colour=Colour.ACCENT
    )
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
            return (
                Unreadable(
                    external_id=callback.headers.get("dedupe-key", ""),
                    reason=ChatMessageMalformed(problem=str(error)).reason,
                ),
            )
        return _receipts(item) if isinstance(item, VisitorReceipts) else (_message(item),)

    async def check(self) -> Sequence[Notice]:
        """Name the web sites from which visitors may connect."""
        sites = ", ".join(self.account.allowed_origins)
        return (ChatReady(sites=sites) if sites else ChatReadyAnywhere(),)


def _message(message: VisitorMessage) -> InboundMessage:
    return InboundMessage(
        external_id=message_key(message.visitor, message.id),
        sender=_sender(message),
        verified_points=_verified_points(message),
        text=message.text,
        files=tuple(
            File(filename=file.filename, media_type=file.media_type, digest=file.digest, size=file.size)
            for file in message.files
        ),
        sent_at=message.at,
        language=message.locale,
    )


def _sender(message: VisitorMessage) -> Point:
    return Point(
        scheme=SCHEME,
        value=message.point,
        display=point_display(message.point),
        name=_name(message),
        verified=message.verified is not None,
    )


def _name(message: VisitorMessage) -> str | None:
    return (message.verified.name if message.verified else None) or message.name


def _verified_points(message: VisitorMessage) -> tuple[Point, ...]:
    """Return the signed e-mail address, which joins the threads of that address; one typed into a form does not."""
    if message.verified is None or message.verified.email is None:
        return ()
    return (Point(scheme="mailto", value=message.verified.email, name=_name(message), verified=True),)


def _receipts(receipts: VisitorReceipts) -> tuple[Inbound, ...]:
    delivered = (DeliveryReceipt(external_id=id_, status="delivered", at=receipts.at) for id_ in receipts.delivered)
    read = (DeliveryReceipt(external_id=id_, status="read", at=receipts.at) for id_ in receipts.read)
    return (*delivered, *read)
