"""Batch concurrent session lookups: after a restart thousands of sockets reconnect at once."""

import asyncio

from hub.access.sessions import SignedIn, resume_many
from hub.runtime.context import AppContext
from hub.storage.database import now

BATCH = 200  # sessions per query


class SessionLookup:
    """Looks up the sessions of this process's sockets, many per query."""

    def __init__(self, context: AppContext) -> None:
        """Keep the context whose database is queried."""
        self._context = context
        self._queue: list[tuple[str, asyncio.Future[SignedIn | None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Finish the lookups that are waiting."""
        if self._task is not None:
            await self._task

    async def find(self, token: str) -> SignedIn | None:
        """Return the agent signed in by this cookie, or None; raises Unavailable."""
        result: asyncio.Future[SignedIn | None] = asyncio.get_running_loop().create_future()
        self._queue.append((token, result))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run_batches())
        return await result

    async def _run_batches(self) -> None:
        while self._queue:
            batch, self._queue = self._queue[:BATCH], self._queue[BATCH:]
            try:
                by_token = await self._look_up({token for token, _ in batch})
            except Exception as error:
                for _, result in batch:
                    if not result.done():
                        result.set_exception(error)
                continue
            for token, result in batch:
                if not result.done():
                    result.set_result(by_token.get(token))

    async def _look_up(self, tokens: set[str]) -> dict[str, SignedIn]:
        async with self._context.transaction() as session:
            return await resume_many(session, tokens, settings=self._context.settings, now=now())
