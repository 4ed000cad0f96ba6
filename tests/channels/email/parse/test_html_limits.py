"""HTML that would grow beyond measure is told before it is parsed, whatever it hides behind."""

import time

import pytest

from hub.channels.email.parse.html import sanitise
from hub.channels.email.parse.html_limits import is_too_much
from hub.channels.email.parse.html_to_text import render

PARAGRAPHS = "<p>x" * 2000
UNCLOSED = (
    '<b title="{}</b>">',
    "<b title={} x='</b>'>",
    "<b/title={}/x=</b>",
    "<b title={}><style></b></style>",
    "<b title={}><!-- </b> -->",
    "<b title={}><!--!></b> -->",
    "<!--><b title={}>",
    "<!-- --!><b title={}>",
    "<b title={}><title></b></title>",
    "<font color=c{}>",
)
CHEAP = {
    "a long table": "<table>" + "<tr><td><font color=red><b>x</b></font><p>y<br></td></tr>" * 3000 + "</table>",
    "many links": '<a href="https://x.test/?a=1>2">x</a><p>' * 5000,
    "a few left open": "<b><i><font size=2>" + "<p>Hello</p>" * 3000,
    "what only Outlook reads": "<!--[if mso]><table><tr><td><![endif]--><p>x" * 1000,
}


@pytest.mark.parametrize("opening", UNCLOSED)
def test_formatting_without_an_end_is_too_much_and_becomes_text(opening: str) -> None:
    page = "".join(opening.format(n) for n in range(1000)) + PARAGRAPHS
    assert is_too_much(page)
    began = time.process_time()
    assert "<b" not in sanitise(page)
    assert "x" in render(page)
    assert time.process_time() - began < 1


@pytest.mark.parametrize("opening", ['<div title="</div>">', "<div><!--</div>-->", "<blockquote>"])
def test_what_nests_too_deep_is_too_much_however_it_is_hidden(opening: str) -> None:
    assert is_too_much(opening * 300)


@pytest.mark.parametrize("page", CHEAP.values(), ids=CHEAP.keys())
def test_what_people_send_is_not(page: str) -> None:
    assert not is_too_much(page)


@pytest.mark.parametrize("piece", ["<a ", "</a ", "<!--", '<a b="', "<style>", "<a a=b ", "<", "</", "<b a='"])
def test_torn_markup_is_looked_through_in_time(piece: str) -> None:
    began = time.process_time()
    is_too_much("<div></div>" * 300 + piece * (200_000 // len(piece)))
    assert time.process_time() - began < 1
