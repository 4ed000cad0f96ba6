"""The parts of this process that the visitors' handlers are given."""

from litestar.datastructures import State
from litestar.di import NamedDependency, Provide

from hub.intake import parts as intake
from hub.runtime.http import context_of
from hub.visitors.relay import Relay


def provide_relay(state: State) -> Relay:
    """Return the visitors' reader of the log."""
    return context_of(state).shared(Relay)


CurrentRelay = NamedDependency[Relay]
DEPENDENCIES = {**intake.DEPENDENCIES, "relay": Provide(provide_relay, sync_to_thread=False)}
