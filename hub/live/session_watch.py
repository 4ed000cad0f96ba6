"""Keeps sockets up to date with the sessions and rights of their agents."""

from collections.abc import Callable, Sequence

import msgspec
import structlog

from hub.access import sessions as access
from hub.access.rights import Viewer
from hub.access.sessions import AccessSignal
from hub.events.log import Position
from hub.live.connections import Connection, ConnectionRegistry, audience_of, concerns
from hub.live.protocol import Close, Reset
from hub.runtime.context import AppContext
from hub.runtime.loops import run_every
from hub.storage.database import now

CHECK_EVERY = 4.0  # seconds between checks of every session, which make up for lost signals

log = structlog.get_logger("hub.feed")


class SessionWatch:
    """Closes the sockets of ended sessions, and updates the rights of the others."""

    def __init__(self, context: AppContext, connections: ConnectionRegistry, *, at: Callable[[], Position]) -> None:
        """Watch these connections; `at` returns the log position up to which they have been sent entries."""
        self._context = context
        self._connections = connections
        self._at = at

    async def run(self) -> None:
        """Check all sessions every `CHECK_EVERY` seconds until cancelled. Two queries each time."""
        await run_every(CHECK_EVERY, lambda: self.renew(self._connections.all), log, "feed.look_failed")

    async def on_access_signal(self, signal: AccessSignal) -> None:
        """Close the sockets of a revoked session; for any other change read the rights of its sockets again."""
        affected = [connection for connection in self._connections.all if concerns(signal, connection)]
        if not signal.revoked:
            await self.renew(affected)
            return
        for connection in affected:
            connection.end(Close.SIGNED_OUT)

    async def renew(self, connections: Sequence[Connection]) -> None:
        """Read the rights of some sockets again; close those whose session has ended with 4401."""
        sign_ins = [connection.sign_in for connection in connections]
        async with self._context.transaction() as session:
            viewers = await access.current_viewers(session, sign_ins)
            alive = await access.still_valid(session, sign_ins, settings=self._context.settings, now=now())
        for connection in connections:
            viewer = viewers.get(connection.viewer.agent_id)
            if viewer is None or (connection.sign_in.sign_in_id or connection.sign_in.token_id) not in alive:
                connection.end(Close.SIGNED_OUT)
            elif viewer != connection.viewer:
                self._update_rights(connection, msgspec.structs.replace(viewer, scopes=connection.viewer.scopes))

    def _update_rights(self, connection: Connection, viewer: Viewer) -> None:
        if audience_of(viewer) != connection.audience:
            connection.viewer, connection.audience = viewer, audience_of(viewer)
            connection.send(Reset(reason="rights_changed", cursor=str(self._at())))
