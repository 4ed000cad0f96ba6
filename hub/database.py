"""The name under which landed migrations import `hub.storage.database`."""

from hub.storage.database import Base, Xid, new_id, now

__all__ = ["Base", "Xid", "new_id", "now"]
