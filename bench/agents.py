"""Many signed-in agents, and processes that hold their sockets."""

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta

from bench.kit import child
from hub.access.credentials import fingerprint, new_token
from hub.access.models import Agent, SignIn, Team, TeamMember
from hub.access.rights import Role
from hub.runtime.context import AppContext
from hub.storage.bulk import insert_many
from hub.storage.database import new_id, now

TEAMS = 10


async def create_agents(context: AppContext, count: int) -> list[str]:
    """Create this many agents in ten teams, each signed in; return the tokens of their cookies."""
    agents = [
        Agent(name=f"Agent {n}", role=Role.AGENT, kind="person", email=f"a{n}@shop.example") for n in range(count)
    ]
    teams = [Team(name=f"Team {n}") for n in range(TEAMS)]
    async with context.transaction() as session:
        session.add_all([*teams, *agents])
        await session.flush()
        session.add_all(TeamMember(team_id=teams[n % TEAMS].id, agent_id=a.id) for n, a in enumerate(agents))
    tokens, at = [new_token() for _ in agents], now()
    rows = [
        {
            "id": new_id(),
            "token_hash": fingerprint(token),
            "agent_id": agent.id,
            "csrf_secret": token.encode(),
            "expires_at": at + timedelta(hours=10),
            "address": "127.0.0.1",
            "user_agent": "bench",
            "created_at": at,
            "last_seen_at": at,
        }
        for agent, token in zip(agents, tokens, strict=True)
    ]
    async with context.transaction() as session:
        await insert_many(session, SignIn, rows)
    return tokens


class SocketProcess:
    """A client process that holds many sockets; it answers commands on its standard input with JSON."""

    def __init__(self, popen: "subprocess.Popen[str]") -> None:
        self._popen = popen

    def ask(self, command: str = "told") -> dict:
        self._popen.stdin.write(command + "\n")
        self._popen.stdin.flush()
        return json.loads(self._popen.stdout.readline())


class SocketProcesses:
    """All client processes together."""

    def __init__(self, crowds: list[SocketProcess], open_s: float) -> None:
        self._crowds = crowds
        self.open_s = open_s

    def ask(self, command: str = "told") -> list[dict]:
        return [crowd.ask(command) for crowd in self._crowds]

    @property
    def cpu(self) -> float:
        """Return the CPU seconds that the client processes have used."""
        return sum(report["cpu"] for report in self.ask("count"))

    def sum(self, key: str) -> int:
        return sum(report[key] for report in self.ask("count"))

    def until(self, key: str, count: int, *, within: float) -> float:
        """Wait until every socket has received this many frames; return the seconds it took."""
        began = time.monotonic()
        while self.sum(key) < count:
            if time.monotonic() - began > within:
                raise TimeoutError(f"{self.ask()}: fewer than {count} {key}")
            time.sleep(0.02)
        return time.monotonic() - began


@contextlib.contextmanager
def crowds(
    port: int, tokens: list[str], *, each: int = 1, processes: int = 2, **more: object
) -> Iterator[SocketProcesses]:
    """Open the sockets of these tokens from some processes (an empty token: no cookie)."""
    began = time.monotonic()
    running, shares = [], [tokens[n::processes] for n in range(processes)]
    for n, share in enumerate(shares):
        options = [f"--{name}={value}" for name, value in more.items()]
        popen = child("bench.sockets", "--port", str(port), "--each", str(each), "--number", str(n), *options)
        popen.stdin.write(",".join(share) + "\n")
        popen.stdin.flush()
        running.append(popen)
    try:
        for popen in running:
            if not popen.stdout.readline():
                raise RuntimeError("the sockets could not be opened")
        yield SocketProcesses([SocketProcess(popen) for popen in running], time.monotonic() - began)
    finally:
        for popen in running:
            popen.kill()
            popen.wait()
            popen.stdin.close()
            popen.stdout.close()
