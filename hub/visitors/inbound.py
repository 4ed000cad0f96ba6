"""What a visitor does, handed on: words into the in-tray, read marks to deliveries, typing to colleagues."""

from uuid import UUID

import msgspec

from hub.channels.chat_contract import MAX_FILES, StoredFile, VisitorMessage, message_key, pack
from hub.channels.contract import DeliveryReceipt, RawItem
from hub.delivery.receipts import apply_receipts
from hub.intake import pipeline
from hub.live.presence import SAID, Ephemeral
from hub.live.protocol import Writing
from hub.runtime.context import AppContext
from hub.storage.database import now
from hub.timeline.conversations import place_of
from hub.visitors import protocol as say
from hub.visitors import queries
from hub.visitors.admission import Chat, facts_of
from hub.visitors.models import Visitor
from hub.visitors.protocol import Code


async def keep_said(
    context: AppContext, chat: Chat, visitor: Visitor, heard: say.SendMessage
) -> say.Acknowledged | say.Refused:
    """Commit what was said, and only then acknowledge it; the same id again is the same message."""
    if not heard.text.strip() and not heard.attachment_ids:
        return say.Refused(code=Code.EMPTY, id=heard.id)
    if len(heard.attachment_ids) > MAX_FILES:
        return say.Refused(code=Code.TOO_MANY_FILES, id=heard.id)
    files = await _files(context, visitor, heard)
    if len(files) < len(set(heard.attachment_ids)):
        return say.Refused(code=Code.UNKNOWN_FILE, id=heard.id)
    said = VisitorMessage(
        id=heard.id,
        visitor=visitor.id,
        point=visitor.point_value,
        at=now(),
        text=heard.text.strip(),
        files=files,
        name=visitor.name,
        email=visitor.claimed_email,
        verified=facts_of(visitor),
        locale=visitor.locale,
        page=visitor.page_url,
    )
    item = RawItem(dedupe_key=message_key(visitor.id, heard.id), body=pack(said), stream=str(visitor.id))
    await pipeline.keep(context, chat.channel.id, [item])
    return say.Acknowledged(id=heard.id, at=said.at)


async def _files(context: AppContext, visitor: Visitor, heard: say.SendMessage) -> tuple[StoredFile, ...]:
    if not heard.attachment_ids:
        return ()
    async with context.transaction() as session:
        found = {file.id: file for file in await queries.uploads_of(session, visitor.id, heard.attachment_ids)}
    wanted = (found[id_] for id_ in dict.fromkeys(heard.attachment_ids) if id_ in found)
    return tuple(StoredFile(digest=f.digest, filename=f.filename, media_type=f.media_type, size=f.size) for f in wanted)


async def tell_seen(context: AppContext, spot: queries.Spot, ours: list[UUID], seen: say.MarkSeen) -> None:
    """Note that messages of ours came to the browser, or were read there."""
    if not ours:
        return
    at = now()
    receipts = [
        DeliveryReceipt(external_id=str(id_), status="read" if seen.read else "delivered", at=at) for id_ in ours
    ]
    async with context.transaction() as session:
        await apply_receipts(session, spot.channel_id, receipts)


async def tell_typing(context: AppContext, spot: queries.Spot) -> None:
    """Let whoever may see the conversation know that the customer is writing."""
    async with context.transaction() as session:
        conversation_id = await queries.conversation_of(session, spot)
        place = await place_of(session, conversation_id) if conversation_id else None
    if conversation_id is not None and place is not None:
        frame = Writing(conversation_id=conversation_id, agent_id=None)
        said = Ephemeral(frame=frame, team_id=place[0], assignee_id=place[1])
        await context.signals.publish(SAID, msgspec.json.encode(said))
