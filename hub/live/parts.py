"""The live feed of this process, as handlers are given it."""

from litestar.datastructures import State
from litestar.di import NamedDependency, Provide

from hub.live.feed import Feed
from hub.runtime.http import context_of


def provide_feed(state: State) -> Feed:
    """Return the live feed of this process."""
    return context_of(state).shared(Feed)


CurrentFeed = NamedDependency[Feed]
DEPENDENCIES = {"feed": Provide(provide_feed, sync_to_thread=False)}
