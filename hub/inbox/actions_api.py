"""The HTTP interface for changing a conversation: reply, note, assign, resolve, snooze, read, draft, tags."""

from uuid import UUID

from litestar import Controller, delete, patch, post, put
from litestar.params import FromPath, JSONBody
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.errors import RightMissing
from hub.access.guard import CurrentViewer, needs
from hub.access.rights import Right, Viewer
from hub.inbox import actions, drafts, read_marks
from hub.inbox.locking import lock_conversation
from hub.inbox.notes import note
from hub.inbox.queries import listed
from hub.inbox.reply import reply
from hub.inbox.requests import Assignment, Drafting, Note, Reading, Reply, Resolution, Snooze, Tagging, TakenBack
from hub.inbox.schemas import Listed
from hub.inbox.undo import undo_reply
from hub.runtime.http import Context, Session
from hub.timeline.errors import MessageNotFound
from hub.timeline.items import messages_by_id
from hub.timeline.schemas import MessageItem


class MessageController(Controller):
    """Replies, notes, and undoing a reply."""

    path = "/api"
    tags = ("inbox",)

    @post(
        "/conversations/{conversation_id:uuid}/replies",
        operation_id="reply",
        guards=[needs(Right.CONVERSATIONS_READ, Right.MESSAGES_WRITE)],
    )
    async def reply(
        self,
        session: Session,
        context: Context,
        viewer: CurrentViewer,
        conversation_id: FromPath[UUID],
        data: JSONBody[Reply],
    ) -> MessageItem:
        """Reply to the customer; the message is sent when its time for undoing has passed."""
        if data.resolve and not viewer.may(Right.CONVERSATIONS_WRITE):
            raise RightMissing(right=Right.CONVERSATIONS_WRITE.value)
        conversation = await lock_conversation(session, viewer, conversation_id)
        await reply(session, viewer, conversation, data, window=context.settings.undo_window)
        return await _item(session, data.id)

    @post(
        "/conversations/{conversation_id:uuid}/notes",
        operation_id="add_note",
        guards=[needs(Right.CONVERSATIONS_READ, Right.NOTES_WRITE)],
    )
    async def note(
        self, session: Session, viewer: CurrentViewer, conversation_id: FromPath[UUID], data: JSONBody[Note]
    ) -> MessageItem:
        """Add a note that customers never see."""
        conversation = await lock_conversation(session, viewer, conversation_id)
        await note(session, viewer, conversation, data)
        return await _item(session, data.id)

    @delete(
        "/messages/{message_id:uuid}/queued",
        operation_id="undo_reply",
        status_code=200,
        guards=[needs(Right.CONVERSATIONS_READ, Right.MESSAGES_WRITE)],
    )
    async def undo(self, session: Session, viewer: CurrentViewer, message_id: FromPath[UUID]) -> TakenBack:
        """Undo a reply before it is sent, and return its content."""
        return await undo_reply(session, viewer, message_id)


class StateController(Controller):
    """The assignment, state, read mark and draft of a conversation."""

    path = "/api/conversations/{conversation_id:uuid}"
    tags = ("inbox",)
    guards = (needs(Right.CONVERSATIONS_READ, Right.CONVERSATIONS_WRITE),)

    @put("/assignment", operation_id="assign")
    async def assign(
        self, session: Session, viewer: CurrentViewer, conversation_id: FromPath[UUID], data: JSONBody[Assignment]
    ) -> Listed:
        """Assign the conversation to an agent or to a team's queue."""
        conversation = await lock_conversation(session, viewer, conversation_id)
        await actions.assign(session, viewer, conversation, data)
        return await listed(session, _with_team(viewer, conversation.team_id), conversation_id)

    @post("/claim", operation_id="claim", status_code=200)
    async def claim(self, session: Session, viewer: CurrentViewer, conversation_id: FromPath[UUID]) -> Listed:
        """Assign the conversation to oneself."""
        await actions.claim(session, viewer, await lock_conversation(session, viewer, conversation_id))
        return await listed(session, viewer, conversation_id)

    @put("/resolution", operation_id="resolve")
    async def resolve(
        self, session: Session, viewer: CurrentViewer, conversation_id: FromPath[UUID], data: JSONBody[Resolution]
    ) -> Listed:
        """Resolve the conversation."""
        await actions.resolve(session, viewer, await lock_conversation(session, viewer, conversation_id), data.wrap_up)
        return await listed(session, viewer, conversation_id)

    @delete("/resolution", operation_id="reopen", status_code=200)
    async def reopen(self, session: Session, viewer: CurrentViewer, conversation_id: FromPath[UUID]) -> Listed:
        """Reopen the conversation."""
        conversation = await lock_conversation(session, viewer, conversation_id)
        await actions.reopen(session, viewer, conversation)
        return await listed(session, _with_team(viewer, conversation.team_id), conversation_id)

    @put("/snooze", operation_id="snooze")
    async def snooze(
        self, session: Session, viewer: CurrentViewer, conversation_id: FromPath[UUID], data: JSONBody[Snooze]
    ) -> Listed:
        """Snooze the conversation until a time, or until the customer writes."""
        await actions.snooze(session, viewer, await lock_conversation(session, viewer, conversation_id), data.until)
        return await listed(session, viewer, conversation_id)

    @delete("/snooze", operation_id="wake", status_code=200)
    async def wake(self, session: Session, viewer: CurrentViewer, conversation_id: FromPath[UUID]) -> Listed:
        """End the snooze of the conversation."""
        await actions.wake(session, viewer, await lock_conversation(session, viewer, conversation_id))
        return await listed(session, viewer, conversation_id)

    @put("/read", operation_id="mark_read")
    async def read(
        self, session: Session, viewer: CurrentViewer, conversation_id: FromPath[UUID], data: JSONBody[Reading]
    ) -> Listed:
        """Store how far one has read."""
        await read_marks.mark_read(session, viewer, conversation_id, data)
        return await listed(session, viewer, conversation_id)

    @put("/draft", operation_id="keep_draft", status_code=204)
    async def draft(
        self, session: Session, viewer: CurrentViewer, conversation_id: FromPath[UUID], data: JSONBody[Drafting]
    ) -> None:
        """Store a draft; an empty text deletes it."""
        await drafts.save(session, viewer, conversation_id, data)


class TagsController(Controller):
    """The tags of a conversation."""

    path = "/api/conversations/{conversation_id:uuid}/tags"
    tags = ("inbox",)
    guards = (needs(Right.CONVERSATIONS_READ, Right.TAGS_WRITE),)

    @patch("/", operation_id="change_tags")
    async def change(
        self, session: Session, viewer: CurrentViewer, conversation_id: FromPath[UUID], data: JSONBody[Tagging]
    ) -> Listed:
        """Add and remove tags."""
        conversation = await lock_conversation(session, viewer, conversation_id)
        actions.tag(session, viewer, conversation, add=data.add, remove=data.remove)
        return await listed(session, viewer, conversation_id)


async def _item(session: AsyncSession, message_id: UUID) -> MessageItem:
    """Return a message as the timeline shows it; raises NotFound. Two queries, one without files."""
    await session.flush()
    item = (await messages_by_id(session, [message_id])).get(message_id)
    if item is None:
        raise MessageNotFound
    return item


def _with_team(viewer: Viewer, team_id: UUID | None) -> Viewer:
    """Let the agent who transfers a conversation read the result once, even if the agent loses access to it."""
    return replace(viewer, team_ids=viewer.team_ids | {team_id}) if team_id else viewer


CONTROLLERS = (MessageController, StateController, TagsController)
