"""The doctor reports problems and says how to correct them."""

import socket
from pathlib import Path

import pytest

from hub.entrypoints.doctor import Finding, examine, report
from hub.settings import Settings
from hub.storage.embedded_postgres import EmbeddedPostgres

ANYWHERE = "0.0.0.0"


async def found(settings: Settings, url: str | None = None) -> dict[str, Finding]:
    return {finding.name: finding for finding in await examine(settings, url)}


async def test_a_sound_database_and_redis_are_found_so(tmp_path: Path, postgres_url: str, redis_url: str) -> None:
    findings = await found(Settings(data_dir=tmp_path, redis_url=redis_url), postgres_url)
    for name in ("data folder", "disk", "secret key", "database", "clock", "redis"):
        assert findings[name].ok, findings[name]
    assert "PostgreSQL 18" in findings["database"].detail


async def test_a_database_without_tables_needs_to_be_migrated(tmp_path: Path, postgres: EmbeddedPostgres) -> None:
    finding = (await found(Settings(data_dir=tmp_path), postgres.url_of("postgres")))["migrations"]
    assert not finding.ok
    assert "hub migrate" in finding.remedy


async def test_a_database_that_is_down_is_one_clear_finding(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, secret_key="00" * 32, database_url="postgresql+asyncpg://127.0.0.1:1/hub")
    finding = (await found(settings, settings.database_url))["database"]
    assert not finding.ok
    assert "\n" not in finding.detail
    assert "HUB_DATABASE_URL" in finding.remedy


async def test_a_redis_that_is_down_is_found(tmp_path: Path) -> None:
    finding = (await found(Settings(data_dir=tmp_path, redis_url="redis://127.0.0.1:1/0")))["redis"]
    assert not finding.ok
    assert "HUB_REDIS_URL" in finding.remedy


async def test_a_missing_key_is_found(tmp_path: Path) -> None:
    finding = (await found(Settings(data_dir=tmp_path, database_url="postgresql+asyncpg://127.0.0.1:1/hub")))[
        "secret key"
    ]
    assert not finding.ok
    assert "openssl rand -base64 32" in finding.detail


async def test_a_folder_that_cannot_be_used_is_found(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert not (await found(Settings(data_dir=tmp_path / "file/data")))["data folder"].ok


async def test_a_taken_port_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert "taken" in (await found(Settings(data_dir=tmp_path, port=port)))[f"port {port}"].detail


@pytest.mark.parametrize(
    "host, url, ok, said",
    [
        ("127.0.0.1", None, True, "http://localhost:8000"),
        ("127.0.0.1", "https://help.shop.example", False, "TLS ends in front of the hub"),
        (ANYWHERE, None, True, "this machine alone"),
        (ANYWHERE, "http://192.168.1.5:8000", False, "no sign-in cookie"),
    ],
)
async def test_an_address_where_nobody_could_sign_in_is_found(
    tmp_path: Path, host: str, url: str | None, said: str, *, ok: bool
) -> None:
    finding = (await found(Settings(data_dir=tmp_path, host=host, public_url=url)))["address"]
    assert finding.ok == ok
    assert said in finding.detail
    assert bool(finding.remedy) == (host == ANYWHERE or not ok)


async def test_behind_a_proxy_that_is_named_all_is_well(tmp_path: Path) -> None:
    named = Settings(data_dir=tmp_path, public_url="https://help.shop.example", trusted_proxies=("10.0.0.0/8",))
    assert (await found(named))["address"] == Finding(name="address", ok=True, detail="https://help.shop.example")


def test_the_report_fails_when_one_finding_does(capsys: pytest.CaptureFixture[str]) -> None:
    good = Finding(name="disk", ok=True, detail="plenty")
    bad = Finding(name="database", ok=False, detail="away", remedy="Start it.")
    assert report([good]) == 0
    assert report([good, bad]) == 1
    printed = capsys.readouterr().out
    assert "FAIL  database  away" in printed
    assert "→ Start it." in printed
