"""Settings are read once, checked one by one, and documented."""

from datetime import timedelta
from pathlib import Path

import pytest

from hub.environment import Setting
from hub.errors import SetupError
from hub.settings import Settings, default_data_dir, describe

HUB = Path(__file__).parent.parent / "hub"
OPERATIONS = HUB.parent / "docs/operations.md"


def test_nothing_has_to_be_set() -> None:
    settings = Settings.load({})
    assert settings.embedded
    assert settings.base_url == "http://localhost:8000"
    assert not settings.secure


def test_every_kind_of_value_is_read() -> None:
    settings = Settings.load(
        {
            "HUB_PORT": "8001",
            "HUB_SESSION_IDLE": "30m",
            "HUB_TRUSTED_PROXIES": "10.0.0.0/8, ::1",
            "HUB_PUBLIC_URL": "https://help.example.com/",
            "HUB_DATABASE_URL": "postgres://hub:word@db/hub",
            "HUB_SMTP_PORT": "0",
            "HUB_LOG_FORMAT": "json",
            "HUB_REDIS_URL": "",
            "PATH": "/bin",
        }
    )
    assert settings.port == 8001
    assert settings.session_idle == timedelta(minutes=30)
    assert settings.trusted_proxies == ("10.0.0.0/8", "::1/128")
    assert settings.base_url == "https://help.example.com"
    assert settings.secure
    assert settings.database_url == "postgresql+asyncpg://hub:word@db/hub"
    assert settings.smtp_port == 0
    assert settings.redis_url is None


@pytest.mark.parametrize(
    "name,value,told",
    [
        ("HUB_PORT", "abc", "HUB_PORT=abc cannot be used: it is no whole number"),
        ("HUB_PORT", "70000", "HUB_PORT=70000 cannot be used: expected int <= 65535"),
        ("HUB_SMTP_PORT", "-1", "HUB_SMTP_PORT=-1 cannot be used"),
        ("HUB_POTR", "1", "There is no setting HUB_POTR. Did you mean HUB_PORT?"),
        ("HUB_ZZZZZ_ZZZZZ", "1", "`hub settings` lists all of them"),
        ("HUB_TRUSTED_PROXIES", "proxy", "does not appear to be an IPv4 or IPv6 network"),
        ("HUB_LOG_LEVEL", "loud", "it is none of debug, info, warning, error"),
        ("HUB_SESSION_IDLE", "5", "a length of time is written 10s, 30m, 12h or 7d"),
        ("HUB_PUBLIC_URL", "help.example.com", "has to start with http:// or https://"),
        ("HUB_PUBLIC_URL", "https://example.com/help", "may have no path"),
        ("HUB_DATABASE_URL", "mysql://db/hub", "has to start with postgresql://"),
        ("HUB_REDIS_URL", "http://cache", "has to start with redis://"),
    ],
)
def test_a_wrong_setting_is_named_with_the_way_to_mend_it(name: str, value: str, told: str) -> None:
    with pytest.raises(SetupError) as caught:
        Settings.load({name: value})
    assert told in caught.value.detail
    assert "\n" not in caught.value.detail


def test_a_wrong_secret_is_not_shown() -> None:
    with pytest.raises(SetupError) as caught:
        Settings.load({"HUB_DATABASE_URL": "mysql://hub:hunter2@db/hub"})
    assert "hunter2" not in caught.value.detail


def test_a_secret_may_be_kept_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql://hub:word@db/hub\n")
    assert Settings.load({"HUB_DATABASE_URL_FILE": str(file)}).database_url == "postgresql+asyncpg://hub:word@db/hub"


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="Keep one of them"):
        Settings.load({"HUB_SECRET_KEY": "a", "HUB_SECRET_KEY_FILE": "b"})


def test_a_secrets_file_that_is_missing_is_named() -> None:
    with pytest.raises(SetupError, match="HUB_SECRET_KEY_FILE=/nowhere cannot be read"):
        Settings.load({"HUB_SECRET_KEY_FILE": "/nowhere"})


def test_data_live_where_the_user_keeps_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert default_data_dir({"HOME": "/home/ada"}) == Path("/home/ada/.local/share/hub")
    assert default_data_dir({"HOME": "/home/ada", "XDG_DATA_HOME": "/data"}) == Path("/data/hub")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert default_data_dir({"HOME": "/root"}) == Path("/var/lib/hub")


@pytest.mark.parametrize("setting", describe(), ids=lambda setting: setting.variable)
def test_every_setting_is_documented_as_it_is(setting: Setting) -> None:
    assert setting.row in OPERATIONS.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", Settings.__struct_fields__)
def test_every_setting_sets_something(name: str) -> None:
    sources = (path for path in HUB.rglob("*.py") if path.name != "settings.py")
    assert any(f".{name}" in path.read_text(encoding="utf-8") for path in sources)
