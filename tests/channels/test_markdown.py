"""The mail renderer renders the dialect that it shares with the web app and the chat widget."""

import json
import re
import time
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from hub.channels.markdown import to_html, to_plain

TABLE: dict[str, Any] = json.loads((Path(__file__).parents[1] / "samples" / "markdown.json").read_text("utf-8"))
PIECE = re.compile(r"(<[^<>]*>)")


def canonical(html: str) -> str:
    """Write HTML as the table does: without `rel`, and with text escaped in one way."""
    pieces = PIECE.split(html.replace(' rel="noopener noreferrer"', ""))
    return "".join(piece if piece.startswith("<") else _escaped(piece) for piece in pieces)


def _escaped(text: str) -> str:
    plain = unescape(text)
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


@pytest.mark.parametrize("sample", TABLE["samples"], ids=lambda sample: sample["name"])
def test_a_sample_becomes_the_html_and_the_text_of_the_table(sample: dict[str, str]) -> None:
    assert canonical(to_html(sample["input"])) == sample["html"]
    assert to_plain(sample["input"]) == sample["plain"]


@pytest.mark.parametrize("sample", TABLE["samples"], ids=lambda sample: sample["name"])
def test_every_link_of_a_mail_says_nothing_of_where_it_was_followed(sample: dict[str, str]) -> None:
    html = to_html(sample["input"])
    assert html.count("<a ") == html.count(' rel="noopener noreferrer">')


@pytest.mark.parametrize("unit, times", TABLE["long"])
def test_long_input_takes_linear_time(unit: str, times: int) -> None:
    def seconds(text: str) -> float:
        began = time.process_time()
        to_html(text)
        to_plain(text)
        return time.process_time() - began

    assert seconds(unit * times) < 1
