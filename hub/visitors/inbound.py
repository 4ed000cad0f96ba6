"""Forward the frames of a visitor: messages to intake, receipts to deliveries, typing to agents."""

from uuid import UUID

import msgspec

from hub.channels.chat_contract import MAX_FILES, StoredFile, VisitorMessage, message_key, pack
from hub.channels.contract import DeliveryReceipt, RawItem
from hub.delivery.receipts import apply_receipts
from hub.intake.pipeline import Intake
from hub.live.presence import FRAME_TOPIC, Ephemeral
from hub.live.protocol import Writing
from hub.runtime.context import AppContext
from hub.storage.database import now
from hub.timeline.conversations import team_and_assignee
from hub.visitors import protocol, queries
from hub.visitors.admission import Chat, proved_identity
from hub.visitors.models import Visitor
from hub.visitors.protocol import Code


async def store_message(
    context: AppContext, intake: Intake, chat: Chat, visitor: Visitor, frame: protocol.SendMessage
) -> protocol.Acknowledged | protocol.Refused:
    """Store a visitor's message as an arrival and acknowledge it once it is committed.

    A message with the same id is stored once. Returns `Refused` for an empty message or unknown or too many files.
    """
    if not frame.text.strip() and not frame.attachment_ids:
        return protocol.Refused(code=Code.EMPTY, id=frame.id)
    if len(frame.attachment_ids) > MAX_FILES:
        return protocol.Refused(code=Code.TOO_MANY_FILES, id=frame.id)
    files = await _files(context, visitor, frame)
    if len(files) < len(set(frame.attachment_ids)):
        return protocol.Refused(code=Code.UNKNOWN_FILE, id=frame.id)
    message = VisitorMessage(
        id=frame.id,
        visitor=visitor.id,
        point=visitor.point_value,
        at=now(),
        text=frame.text.strip(),
        files=files,
        name=visitor.name,
        email=visitor.claimed_email,
        verified=proved_identity(visitor),
        locale=visitor.locale,
        page=visitor.page_url,
    )
    item = RawItem(dedupe_key=message_key(visitor.id, frame.id), body=pack(message), stream=str(visitor.id))
    await intake.receive(chat.channel.id, [item])
    return protocol.Acknowledged(id=frame.id, at=message.at)


async def _files(context: AppContext, visitor: Visitor, frame: protocol.SendMessage) -> tuple[StoredFile, ...]:
    if not frame.attachment_ids:
        return ()
    async with context.transaction() as session:
        uploads = {upload.id: upload for upload in await queries.uploads_of(session, visitor.id, frame.attachment_ids)}
    files = (uploads[id_] for id_ in dict.fromkeys(frame.attachment_ids) if id_ in uploads)
    return tuple(
        StoredFile(digest=file.digest, filename=file.filename, media_type=file.media_type, size=file.size)
        for file in files
    )


async def store_receipts(
    context: AppContext, scope: queries.ChatScope, message_ids: list[UUID], seen: protocol.MarkSeen
) -> None:
    """Store that our messages reached the browser, or were read there."""
    if not message_ids:
        return
    at = now()
    receipts = [
        DeliveryReceipt(external_id=str(id_), status="read" if seen.read else "delivered", at=at) for id_ in message_ids
    ]
    async with context.transaction() as session:
        await apply_receipts(session, scope.channel_id, receipts)


async def publish_typing(context: AppContext, scope: queries.ChatScope) -> None:
    """Tell the agents who may see the conversation that the customer is writing."""
    async with context.transaction() as session:
        conversation_id = await queries.conversation_of(session, scope)
        place = await team_and_assignee(session, conversation_id) if conversation_id else None
    if conversation_id is not None and place is not None:
        frame = Writing(conversation_id=conversation_id, agent_id=None)
        ephemeral = Ephemeral(frame=frame, team_id=place[0], assignee_id=place[1])
        await context.signals.publish(FRAME_TOPIC, msgspec.json.encode(ephemeral))
