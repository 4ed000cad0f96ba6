"""Mixed load for a long time: does memory grow, do descriptors leak? python -m bench.soak [30m|4h|90s]"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from random import Random
from statistics import median

from bench.kit import RESULTS
from hub.environment import duration
from tests.faults import post
from tests.faults.installation import Installation, running_installation
from tests.faults.killer import descriptors_of, memory_of
from tests.faults.ledger import Ledger, check_invariants
from tests.faults.people import Bot, Visitor, bring, mail, send_mail

HELP = "help@shop.example"
SAMPLE = 5.0  # seconds
WARM = 1 / 3  # of the time, at most ten minutes
CUSTOMERS, VISITORS, BOTS = 6, 10, 2


@dataclass
class Soak:
    """A running soak, and its measurements."""

    installation: Installation
    key: str
    token: str
    heard: Ledger = field(default_factory=Ledger)
    told: Ledger = field(default_factory=Ledger)
    samples: dict[str, list[tuple[float, int, int]]] = field(default_factory=dict)

    async def customer(self, name: str, chance: Random) -> None:
        """Send a mail now and then."""
        n = 0
        while True:
            number, sender = f"{name}-{n:05d}", f"{name}@customer.example"
            raw = mail(number, sender, HELP) + b"x" * chance.randrange(200_000) + b"\r\n"
            await bring(self.heard, number, partial(send_mail, self.installation.lmtp_port, sender, HELP, raw))
            n += 1
            await asyncio.sleep(chance.uniform(0.5, 3))

    async def visitor(self, name: str, chance: Random) -> None:
        """Chat for a while, leave, and come back."""
        n = 0
        while True:
            visitor = Visitor(self.installation.base, self.key, name, self.heard)
            line = asyncio.create_task(visitor.run())
            for _ in range(chance.randrange(5, 20)):
                await visitor.say(f"{name}-{n:05d}")
                n += 1
                await asyncio.sleep(chance.uniform(0.5, 3))
            line.cancel()
            await asyncio.gather(line, return_exceptions=True)

    async def bot(self, name: str) -> None:
        """Answer the customers who have waited longest."""
        bot, n = Bot(self.installation.base, self.token, self.told), 0
        while True:
            page = await bot.get("/conversations?view=open&limit=50")
            waiting = [one["row"] for one in page["items"] if one["row"]["waiting_since"]]
            for row in waiting[:5]:
                await bot.get(f"/conversations/{row['id']}/timeline?limit=60")
                await bot.reply(row["id"], await bot.reach(row["id"]), f"re-{name}-{n:06d}")
                n += 1
            await asyncio.sleep(1)

    async def watch(self, seconds: float) -> None:
        """Record memory and descriptors until the time is over."""
        began = time.monotonic()
        while (passed := time.monotonic() - began) < seconds:
            for name, program in (("serve", self.installation.serve), ("work", self.installation.work)):
                seen = (passed, memory_of(program.pid), descriptors_of(program.pid))
                self.samples.setdefault(name, []).append(seen)
            await asyncio.sleep(SAMPLE)


def floors(samples: list[tuple[float, int, int]]) -> list[tuple[float, int]]:
    """Return the least memory of each minute, since a large mail in progress is no leak."""
    minutes: dict[int, int] = {}
    for at, memory, _ in samples:
        minutes[int(at // 60)] = min(memory, minutes.get(int(at // 60), memory))
    return [(60.0 * minute, memory) for minute, memory in sorted(minutes.items())]


def slope(points: list[tuple[float, int]]) -> float:
    """Return the growth per hour as a part of the median: the median slope of all pairs (Theil and Sen).

    Steady growth changes it, a single bump of a minute does not.
    """
    steps = [(b - a) / (later - at) for (at, a), (later, b) in combinations(points, 2)]
    return median(steps) * 3600 / median(value for _, value in points) if steps else 0.0


def told(soak: Soak, seconds: float) -> dict[str, object]:
    """Return the results as JSON."""
    warm = min(seconds * WARM, 600)
    found: dict[str, object] = {"seconds": seconds, "heard": soak.heard.figures(), "told": soak.told.figures()}
    for name, samples in soak.samples.items():
        late = [one for one in samples if one[0] >= warm]
        found[name] = {
            "memory_first_mib": round(samples[0][1] / 2**20, 1),
            "memory_warm_mib": round(late[0][1] / 2**20, 1),
            "memory_last_mib": round(late[-1][1] / 2**20, 1),
            "memory_growth_an_hour": round(slope(floors(late)), 4),
            "memory_each_minute_mib": [round(memory / 2**20, 1) for _, memory in floors(samples)],
            "descriptors_warm": max(files for _, _, files in late[: len(late) // 3 + 1]),
            "descriptors_last": max(files for _, _, files in late[-(len(late) // 3 + 1) :]),
        }
    return found


async def main(seconds: float) -> dict[str, object]:
    async with running_installation() as installation:
        with post.provider(installation.folder) as provider:
            await installation.channel("email", "Help", post.account(HELP, provider.port, installation.folder))
            _, key = await installation.chat()
            soak, chance = Soak(installation, key, await installation.bot()), Random(7)
            load = [asyncio.create_task(soak.customer(f"c{n}", chance)) for n in range(CUSTOMERS)]
            load += [asyncio.create_task(soak.visitor(f"v{n}", chance)) for n in range(VISITORS)]
            load += [asyncio.create_task(soak.bot(f"b{n}")) for n in range(BOTS)]
            try:
                await soak.watch(seconds)
            finally:
                for task in load:
                    task.cancel()
                await asyncio.gather(*load, return_exceptions=True)
            await check_invariants(installation)
            return told(soak, seconds)


if __name__ == "__main__":
    chosen = duration(sys.argv[1] if len(sys.argv) > 1 else "30m").total_seconds()
    result = json.dumps(asyncio.run(main(chosen)), indent=2)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "soak.json").write_text(result + "\n")
    print(result)
