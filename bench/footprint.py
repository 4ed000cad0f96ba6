"""The cost of an idle hub: memory of `hub up`, and the start-up time of a command."""

import asyncio
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import psutil
from websockets.asyncio.client import connect

from bench.hub_process import free_port
from bench.kit import Result, median, run

MIB = 2**20
ROUNDS = 5
MAIL = b"From: Ana <ana@shop.example>\r\nTo: help@hub.example\r\nSubject: Grinder\r\n\r\nIt does not turn on.\r\n"
NOTHING = "python, which does nothing"


def spent(*command: str) -> tuple[float, float]:
    """Return wall and CPU seconds of a program."""
    began, before = time.perf_counter(), psutil.Process().cpu_times()
    subprocess.run(command, check=True, capture_output=True)
    after = psutil.Process().cpu_times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - began, cpu


def starts(rounds: int) -> list[Result]:
    """Measure the start-up of commands, in turn with that of Python itself."""
    with tempfile.NamedTemporaryFile(suffix=".eml") as mail:
        mail.write(MAIL)
        mail.flush()
        python = sys.executable
        commands = {
            "import hub": (python, "-c", "import hub"),
            "imports of hub up": (python, "-c", "import hub.entrypoints.up"),
            "imports of hub serve": (python, "-c", "import hub.entrypoints.server"),
            "imports of hub work": (python, "-c", "import hub.entrypoints.worker"),
            "imports of commands that end (hub.entrypoints.commands)": (
                python,
                "-c",
                "import hub.entrypoints.commands",
            ),
            "hub --help": (python, "-m", "hub.entrypoints.cli", "--help"),
            "hub email parse, one mail": (python, "-m", "hub.entrypoints.cli", "email", "parse", mail.name),
        }
        took: dict[str, list[tuple[float, float]]] = {name: [] for name in (NOTHING, *commands)}
        for _ in range(rounds):
            took[NOTHING].append(spent(python, "-c", ""))
            for name, command in commands.items():
                took[name].append(spent(*command))
    limit = median([wall for wall, _ in took[NOTHING]])
    results = []
    for name in commands:
        figure = median([wall for wall, _ in took[name]])
        more = {
            "CPU s": round(median([cpu for _, cpu in took[name]]), 2),
            "best s": round(min(wall for wall, _ in took[name]), 2),
            "limit": NOTHING,
            "rounds": rounds,
        }
        results.append(Result(name, figure, "s", limit, figure / limit, "<= 1.5 s", more))
    return results


async def visit(base: str, link: str) -> str:
    """Sign in by the link, open the inbox, and keep one socket open for some seconds."""
    parts = urlsplit(link)
    token = (parse_qs(parts.query) | parse_qs(parts.fragment)).get("token", [re.split(r"[/=]", link)[-1]])[0]
    async with httpx.AsyncClient(base_url=base, headers={"origin": base}) as browser:
        (await browser.post("/api/session/link", json={"token": token})).raise_for_status()
        inbox = await browser.get("/api/inbox")
        inbox.raise_for_status()
        cookie = "; ".join(f"{one.name}={one.value}" for one in browser.cookies.jar)
    cursor = inbox.json()["cursor"]
    where = base.replace("http", "ws") + f"/api/live?after={cursor}"
    async with connect(where, additional_headers={"cookie": cookie}, origin=base) as socket:
        frame = await asyncio.wait_for(socket.recv(), 20)
        await asyncio.sleep(5)
    return json.dumps(json.loads(frame))[:80]


def memory() -> Result:
    """Start `hub up` on an empty folder, use it once, and measure its memory."""
    folder = Path(tempfile.mkdtemp(prefix="hub-", dir="/tmp"))
    folder.chmod(0o711)
    port, began = free_port(), time.monotonic()
    command = [sys.executable, "-m", "hub.entrypoints.cli", "up", "--data", str(folder / "data"), "--port", str(port)]
    bare = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        output = ""
        while "Sign in" not in output:
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"hub up ended: {output}")
            output += line
        ready = time.monotonic() - began
        asyncio.run(visit(f"http://localhost:{port}", re.search(r"Sign in\s+(\S+)", output)[1]))
        held, limit = psutil.Process(process.pid).memory_full_info(), psutil.Process(bare.pid).memory_full_info()
        postgres = sum(one.memory_full_info().pss for one in psutil.Process(process.pid).children(recursive=True))
        idle = psutil.Process(process.pid).cpu_times()
        time.sleep(10)
        busy = psutil.Process(process.pid).cpu_times()
    finally:
        process.terminate()
        process.wait(30)
        bare.kill()
        bare.wait()
        shutil.rmtree(folder, ignore_errors=True)
    more = {
        "PSS MiB": round(held.pss / MIB, 1),
        "PostgreSQL beside it, PSS MiB": round(postgres / MIB, 1),
        "limit": "a Python that sleeps",
        "first start to ready, s": round(ready, 1),
        "CPU of the process while idle, %": round(10 * (busy.user + busy.system - idle.user - idle.system), 1),
    }
    return Result(
        "memory of hub up, idle, RSS", held.rss / MIB, "MiB", limit.rss / MIB, held.rss / limit.rss, "<= 250 MiB", more
    )


def main(quick: bool = False) -> list[Result]:
    return [memory(), *starts(2 if quick else ROUNDS)]


if __name__ == "__main__":
    run("footprint", main)
