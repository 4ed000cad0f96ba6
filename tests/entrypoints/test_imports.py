"""Each entry point imports the modules it runs, and none that it may never need."""

import subprocess
import sys

import pytest

NEVER_AT_START = {"alembic", "aiosmtplib", "httpx", "hub.demo.phrases", "phonenumbers", "redis", "telegram", "twilio"}
WEB = {"hub.entrypoints.app", "litestar", "uvicorn"}
UNNEEDED = {
    "hub.entrypoints.cli": NEVER_AT_START | WEB | {"asyncpg", "sqlalchemy", "uvloop"},
    "hub.entrypoints.commands": NEVER_AT_START | WEB,
    "hub.entrypoints.server": NEVER_AT_START | {"aiosmtpd"},
    "hub.entrypoints.up": NEVER_AT_START | {"aiosmtpd"},
    "hub.entrypoints.worker": NEVER_AT_START | WEB | {"aiosmtpd"},
    "hub.channels.email.command": NEVER_AT_START | WEB | {"asyncpg", "sqlalchemy"},
}


@pytest.mark.parametrize("module", UNNEEDED)
def test_an_entry_point_loads_nothing_that_it_may_never_need(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(loaded.stdout.split()) & UNNEEDED[module] == set()
