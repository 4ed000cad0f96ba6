"""A shop's page under the strictest policy, with the real widget and the real visitors' server behind it."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

import uvloop
from litestar import Response, get
from litestar.params import FromQuery

from tests.visitors.site import PATIENCE
from tests.visitors.site import Site
from tests.visitors.site import make_chat
from tests.visitors.site import serve
from tests.support.company import open_company

T = TypeVar("T")
CSP = (
    "default-src 'none'; style-src 'none'; script-src 'self'; connect-src 'self' ws:; "
    "require-trusted-types-for 'script'"
)


@get("/shop", sync_to_thread=False)
def shop(key: FromQuery[str], lang: FromQuery[str] = "en") -> Response[str]:
    """Serve a page that carries the chat and allows nothing else."""
    html = (
        f'<!doctype html><html lang="{lang}"><title>Shop</title><h1>Shop</h1><button id="before">Buy</button>'
        f'<script type="module" src="/chat.js"></script><hub-chat key="{key}"></hub-chat>'
    )
    return Response(html, media_type="text/html", headers={"Content-Security-Policy": CSP})


class Host:
    """Run the server in a thread of its own; `do` runs a coroutine there."""

    def __init__(self, url: str, folder: Path, **settings: object) -> None:
        self.site: Site
        self._loop = uvloop.new_event_loop()
        self._ready: Future[Site] = Future()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(url, folder, settings),))

    def start(self) -> None:
        self._thread.start()
        self.site = self._ready.result(20)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)
        self._loop.close()

    def do(self, what: Callable[[Site], Coroutine[object, object, T]]) -> T:
        return asyncio.run_coroutine_threadsafe(what(self.site), self._loop).result(PATIENCE)

    def page(self, lang: str = "en") -> str:
        return f"http://{self.site.base}/shop?key={self.site.key}&lang={lang}"

    async def _run(self, url: str, folder: Path, settings: dict[str, object]) -> None:
        try:
            async with open_company(url, folder) as company:
                channel_id, account = await make_chat(company, **settings)
                async with serve(company, shop) as base:
                    self._ready.set_result(Site(company, base, account.key, channel_id, account.identity_secret))
                    await self._stop.wait()
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
            raise
