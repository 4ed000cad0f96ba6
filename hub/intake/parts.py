"""The intake of this process, as handlers are given it."""

from litestar.datastructures import State
from litestar.di import NamedDependency, Provide

from hub.intake.pipeline import Intake
from hub.runtime.http import context_of


def provide_intake(state: State) -> Intake:
    """Return the intake of this process."""
    return context_of(state).shared(Intake)


CurrentIntake = NamedDependency[Intake]
DEPENDENCIES = {"intake": Provide(provide_intake, sync_to_thread=False)}
