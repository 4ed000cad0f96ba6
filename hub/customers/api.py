"""The HTTP interface of customers: read, rename, merge and unmerge a contact."""

from typing import Annotated
from uuid import UUID

from litestar import Router, delete, get, patch, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from hub.access.guard import CurrentViewer, needs
from hub.access.rights import Right
from hub.customers import profile
from hub.runtime.http import Session
from hub.timeline import merging
from hub.timeline.models import Contact

WRITES = [needs(Right.CONTACTS_WRITE)]


class Name(Struct, frozen=True, forbid_unknown_fields=True):
    """The new name of a contact."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]


class Into(Struct, frozen=True, forbid_unknown_fields=True):
    """The contact to merge into."""

    into: UUID


@get("/contacts/{contact_id:uuid}", operation_id="readContact", guards=[needs(Right.CONTACTS_READ)])
async def read_contact(session: Session, viewer: CurrentViewer, contact_id: FromPath[UUID]) -> profile.ContactItem:
    """Return a contact with all contact points and the latest conversations."""
    return await profile.contact(session, viewer, contact_id)


@patch("/contacts/{contact_id:uuid}", operation_id="renameContact", guards=WRITES)
async def rename_contact(
    session: Session,
    viewer: CurrentViewer,
    contact_id: FromPath[UUID],
    data: JSONBody[Name],
) -> profile.ContactItem:
    """Rename a contact."""
    contact = await profile.contact(session, viewer, contact_id)
    row = await session.get_one(Contact, contact.id)
    row.name, row.named = data.name.strip() or row.name, True
    await merging.record_contact_changed(session, contact.id, agent_id=viewer.agent_id)
    await session.flush()
    return await profile.contact(session, viewer, contact.id)


@post("/contacts/{contact_id:uuid}/merge", operation_id="mergeContact", guards=WRITES)
async def merge_contact(
    session: Session,
    viewer: CurrentViewer,
    contact_id: FromPath[UUID],
    data: JSONBody[Into],
) -> profile.ContactItem:
    """Merge this contact into another one; the merge can be undone."""
    source, target = [await profile.contact(session, viewer, id_) for id_ in (contact_id, data.into)]
    await merging.merge(session, source.id, target.id, reason="by_agent", agent_id=viewer.agent_id)
    return await profile.contact(session, viewer, target.id)


@delete("/contacts/{contact_id:uuid}/merge", operation_id="unmergeContact", guards=WRITES, status_code=200)
async def unmerge_contact(session: Session, viewer: CurrentViewer, contact_id: FromPath[UUID]) -> profile.ContactItem:
    """Undo the last merge of this contact."""
    target = await profile.contact(session, viewer, contact_id)
    await merging.unmerge(session, contact_id, agent_id=viewer.agent_id)
    return await profile.contact(session, viewer, target.id)


router = Router(path="/api", route_handlers=[read_contact, rename_contact, merge_contact, unmerge_contact])
