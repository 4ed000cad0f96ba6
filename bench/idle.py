"""10,000 idle agents' sockets: how long they take to open, what each costs in memory, and what all cost in CPU."""

import asyncio
import time

from bench.agents import create_agents, crowds
from bench.hub_process import started
from bench.kit import Result, context_on, database, run

EACH = 10  # sockets of one agent


async def make_agents(url: str, count: int) -> list[str]:
    async with context_on(url) as opened:
        return await create_agents(opened, count)


def main(quick: bool = False) -> list[Result]:
    sockets, seconds = (1000, 8) if quick else (10_000, 30)
    with database() as server:
        tokens = asyncio.run(make_agents(server.url, sockets // EACH))
        with started("bench.hub_process", "serve", server.url) as product:
            with crowds(product.port, tokens[:1], processes=1):
                before = product.resident
            cpu = product.cpu
            with crowds(product.port, tokens, each=EACH, processes=2) as opened:
                storm = product.cpu - cpu
                time.sleep(5 if quick else 12)  # until presence is sent and counts have settled
                after, cpu = product.resident, product.cpu
                time.sleep(seconds)
                idle = (product.cpu - cpu) / seconds
                reports = opened.ask()
    if any(report["lost"] or report["closed"] for report in reports):
        raise RuntimeError(f"sockets were lost: {reports}")
    per_socket = (after - before) / sockets / 1024
    more = {
        "sockets": sockets,
        "agents": sockets // EACH,
        "resident MiB before, after": [round(before / 2**20, 1), round(after / 2**20, 1)],
        "seconds to open all": round(opened.open_s, 1),
        "CPU ms/socket opened": round(1e3 * storm / sockets, 2),
        "idle CPU, part of a core": round(idle, 3),
        "frames a socket while opening": round(sum(report["frames"] for report in reports) / sockets, 1),
    }
    return [
        Result("idle sockets, memory of each", per_socket, "KiB", 40.0, per_socket / 40, "<= 40 KiB", more),
        Result("opening them all", opened.open_s, "s", 60.0, opened.open_s / 60, "<= 60 s", {"sockets": sockets}),
    ]


if __name__ == "__main__":
    run("idle", main)
