"""Sockets that open at the same moment are looked up together: after a restart thousands come back at once."""

import asyncio

from hub.access.sessions import SignedIn, resume_many
from hub.runtime.context import AppContext
from hub.storage.database import now

MOST = 200  # sessions looked up in one go


class Resumes:
    """The sockets of this process whose session has still to be looked up."""

    def __init__(self, context: AppContext) -> None:
        """Begin with none."""
        self._context = context
        self._waiting: list[tuple[str, asyncio.Future[SignedIn | None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Answer those who wait."""
        if self._task is not None:
            await self._task

    async def who(self, token: str) -> SignedIn | None:
        """Find who holds this cookie; raises Unavailable."""
        done: asyncio.Future[SignedIn | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((token, done))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())
        return await done

    async def _drain(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            try:
                found = await self._look_up({token for token, _ in batch})
            except Exception as error:
                for _, done in batch:
                    if not done.done():
                        done.set_exception(error)
                continue
            for token, done in batch:
                if not done.done():
                    done.set_result(found.get(token))

    async def _look_up(self, tokens: set[str]) -> dict[str, SignedIn]:
        async with self._context.transaction() as session:
            return await resume_many(session, tokens, settings=self._context.settings, now=now())
