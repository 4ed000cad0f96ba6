"""Durable acknowledgement of a callback (request in, arrival and body committed, 200 out) against a bare program."""

import asyncio
import json
import uuid

from bench.hub_process import Process, started
from bench.kit import Result, child, context_on, database, database_cpu, median, run
from hub.channels.accounts import seal_secrets
from hub.channels.models import Channel
from hub.storage.database import new_id

CONNECTIONS = 32
BEARER = "a-push-key-of-24-characters-or-more"
WANTED = ">= 0.6"


async def make_channel(url: str) -> str:
    async with context_on(url) as opened:
        id_, address = new_id(), "support@support.example"
        secrets = seal_secrets(opened.encryptor, id_, {"push_key": BEARER})
        async with opened.transaction() as session:
            settings = {"address": address}
            session.add(Channel(id=id_, kind="email", name="Push", address=address, settings=settings, secrets=secrets))
    return str(id_)


def load(server, process: Process, path: str, requests: int, rate: float = 0.0) -> dict:
    """Run one round of the load process; return it with the CPU that the server and the database used."""
    told = ["--port", str(process.port), "--path", path, "--bearer", BEARER, "--run", uuid.uuid4().hex]
    told += ["--connections", str(CONNECTIONS), "--requests", str(requests), "--rate", str(rate)]
    with child("bench.loading", *told) as loader:
        loader.stdout.readline()
        cpu, database = process.cpu, database_cpu(server)
        loader.stdin.write("go\n")
        loader.stdin.flush()
        found = json.loads(loader.stdout.readline())
    found["cpu_us"] = 1e6 * (process.cpu - cpu) / requests
    found["database_us"] = 1e6 * (database_cpu(server) - database) / requests
    if not set(found["statuses"]) <= {"200", "204"}:
        raise RuntimeError(f"not all were acknowledged: {found['statuses']}")
    return found


def main(quick: bool = False) -> list[Result]:
    requests, rounds, seconds = (1500, 3, 5) if quick else (5000, 5, 15)
    with database() as server:
        channel_id = asyncio.run(make_channel(server.url))
        path, dsn = f"/api/callbacks/{channel_id}", server.url.replace("+asyncpg", "")
        with (
            started("bench.hub_process", "serve", server.url) as product,
            started("bench.bare_acknowledge", dsn, channel_id, BEARER) as bare,
        ):
            for process in (product, bare):
                load(server, process, path, 300)
            ours, raw = [], []
            for n in range(rounds):
                for process, into in [(product, ours), (bare, raw)][:: 1 if n % 2 else -1]:
                    into.append(load(server, process, path, requests))
            steady = load(server, product, path, 200 * seconds, rate=200)
            with started("bench.hub_process", "work", server.url):
                working = load(server, product, path, requests)
                beside = load(server, product, path, 200 * seconds, rate=200)
    return [
        _throughput(ours, raw, requests, working),
        _latency("acknowledgement at 200/s", steady, 200 * seconds),
        _latency("acknowledgement at 200/s, a worker beside it", beside, 200 * seconds),
    ]


def _throughput(ours: list[dict], raw: list[dict], requests: int, working: dict) -> Result:
    ratio = median([one["rate"] / limit["rate"] for one, limit in zip(ours, raw, strict=True)])
    more = {
        "CPU us/request (bare)": f"{_mid(ours, 'cpu_us'):.0f} ({_mid(raw, 'cpu_us'):.0f})",
        "database CPU us/request (bare)": f"{_mid(ours, 'database_us'):.0f} ({_mid(raw, 'database_us'):.0f})",
        "p50, p99 ms": [round(_mid(ours, "p50_ms"), 1), round(_mid(ours, "p99_ms"), 1)],
        "with a worker beside it, /s": round(working["rate"]),
        "rounds": [round(one["rate"]) for one in ours],
        "raw rounds": [round(one["rate"]) for one in raw],
        "requests a round": requests,
        "body bytes": 2600,
        "connections": CONNECTIONS,
    }
    return Result("durable acknowledgement", _mid(ours, "rate"), "requests/s", _mid(raw, "rate"), ratio, WANTED, more)


def _latency(name: str, found: dict, requests: int) -> Result:
    more = {key: round(found[key], 1) for key in ("p50_ms", "p99_ms", "max_ms", "cpu_us", "database_us")}
    more |= {"requests": requests, "connections": CONNECTIONS, "loop": "open"}
    wanted = "p50 <= 50, p99 <= 250 ms"
    return Result(f"{name}, p99", found["p99_ms"], "ms", 250.0, found["p99_ms"] / 250, wanted, more)


def _mid(found: list[dict], key: str) -> float:
    return median([one[key] for one in found])


if __name__ == "__main__":
    run("acknowledge", main)
