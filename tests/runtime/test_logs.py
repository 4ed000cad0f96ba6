"""Each log entry is one line and contains no secrets."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from hub.runtime.logs import HIDDEN, redact, set_up, without_secrets
from hub.settings import Settings
from hub.storage.database import make_engine


@pytest.fixture
def stream(tmp_path: Path) -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handlers, level = logging.root.handlers[:], logging.root.level
    set_up(Settings(data_dir=tmp_path, log_format="json"), stream)
    yield stream
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_its_level_and_time(stream: io.StringIO) -> None:
    structlog.get_logger("hub").info("mail_sent", to=3)
    (line,) = lines(stream)
    assert line["event"] == "mail_sent"
    assert line["level"] == "info"
    assert line["to"] == 3
    assert "timestamp" in line


def test_an_error_is_one_line_that_says_what_and_where(stream: io.StringIO) -> None:
    try:
        raise ValueError("first\nsecond postgresql://hub:hunter2@db/hub")
    except ValueError:
        structlog.get_logger("hub").exception("failed")
    (line,) = lines(stream)
    assert line["error"] == f"ValueError: first second postgresql://{HIDDEN}@db/hub"
    assert "test_logs" in str(line["where"])


@pytest.mark.parametrize("word", ["customer's words", "0 or 1"])
async def test_values_of_a_failed_statement_stay_out_of_the_log(
    stream: io.StringIO, postgres_url: str, word: str
) -> None:
    engine = make_engine(postgres_url, size=1)
    try:
        async with engine.connect() as line:
            await line.execute(text("create temporary table kept (word text primary key)"))
            for _ in range(2):
                await line.execute(text("insert into kept values (:word)"), {"word": word})
    except IntegrityError:
        structlog.get_logger("hub").exception("failed")
    finally:
        await engine.dispose()
    (line_,) = lines(stream)
    assert "kept_pkey" in str(line_["error"])
    assert word not in str(line_)


def test_libraries_lines_come_out_the_same_way(stream: io.StringIO) -> None:
    logging.getLogger("library").warning("connecting to redis://:hunter2@cache")
    (line,) = lines(stream)
    assert line["event"] == f"connecting to redis://{HIDDEN}@cache"
    assert line["logger"] == "library"


@pytest.mark.parametrize(
    "key",
    ["password", "new_password", "Authorization", "cookie", "set-cookie", "csrf_token", "apiKey", "client_secret"],
)
def test_fields_named_like_a_secret_are_hidden(key: str) -> None:
    assert redact(None, "info", {key: "hunter2"})[key] == HIDDEN
    assert without_secrets({"deep": [{key: "hunter2"}]}) == {"deep": [{key: HIDDEN}]}


@pytest.mark.parametrize(
    "text",
    [
        "https://ada:hunter2@example.com/x",
        "Authorization: Bearer hunter2hunter2",
        "GET /live?after=1&token=hunter2 HTTP",
    ],
)
def test_credentials_within_text_are_hidden(text: str) -> None:
    assert "hunter2" not in str(without_secrets(text))


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_hiding_never_fails(value: object) -> None:
    without_secrets(value)
