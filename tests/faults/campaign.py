"""The size of a fault campaign, its random seed, and the file with its results."""

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
    """Return the size that HUB_FAULTS asks for: a few in CI, `full` with `make faults`."""
    return full if SIZE == "full" else small


@dataclass
class Campaign:
    """One run of a campaign: its random numbers, counts and measurements."""

    name: str
    seed: int
    rng: random.Random
    figures: dict[str, object] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def note(self, **figures: object) -> None:
        """Store figures for the result file."""
        self.figures |= figures

    def did(self, fault: str) -> None:
        """Add a fault with its time to the result file, so that the run can be replayed."""
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
    """Run a campaign; HUB_FAULTS_SEED repeats one. The result file is written even if the campaign fails."""
    seed = int(os.environ.get("HUB_FAULTS_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
    run = Campaign(name, seed, random.Random(seed))
    print(f"{name}: HUB_FAULTS={SIZE} HUB_FAULTS_SEED={seed}")
    outcome = "failed"
    try:
        yield run
        outcome = "passed"
    finally:
        run.save(outcome)
