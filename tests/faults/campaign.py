"""How large a campaign is, by which seed it runs, and the file that says what came of it."""

import json
import os
import platform
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
SIZE = os.environ.get("HUB_FAULTS", "small")


def size(small: int, full: int) -> int:
    """As many as HUB_FAULTS says: few in CI, all with `make faults`."""
    return full if SIZE == "full" else small


@dataclass
class Campaign:
    """One run: the chance it takes, and what was counted and measured."""

    name: str
    seed: int
    chance: random.Random
    figures: dict[str, object] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def note(self, **figures: object) -> None:
        """Keep figures for the result file."""
        self.figures |= figures

    def did(self, fault: str) -> None:
        """Keep the line of one fault, with its time, for whoever replays it."""
        self.faults.append(f"{time.monotonic() - self.began:7.2f} {fault}")

    def save(self, outcome: str) -> None:
        """Write the result file."""
        body = {
            "campaign": self.name,
            "size": SIZE,
            "seed": self.seed,
            "outcome": outcome,
            "seconds": round(time.monotonic() - self.began, 1),
            "machine": {"python": platform.python_version(), "cores": os.cpu_count()},
            "figures": self.figures,
            "faults": self.faults,
        }
        RESULTS.mkdir(exist_ok=True)
        text = json.dumps(body, indent=2, default=str)
        (RESULTS / f"{SIZE}-{self.name}.json").write_text(text + "\n")


@contextmanager
def campaign(name: str) -> Iterator[Campaign]:
    """Run a campaign; HUB_FAULTS_SEED replays one. The result is written whatever comes of it."""
    seed = int(os.environ.get("HUB_FAULTS_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
    run = Campaign(name, seed, random.Random(seed))
    print(f"{name}: HUB_FAULTS={SIZE} HUB_FAULTS_SEED={seed}")
    outcome = "failed"
    try:
        yield run
        outcome = "passed"
    finally:
        run.save(outcome)
