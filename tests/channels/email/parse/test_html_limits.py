"""HTML that would create too many elements is recognised before it is parsed, however it is hidden."""

import time

import pytest

from hub.channels.email.parse.html import sanitise
from hub.channels.email.parse.html_limits import exceeds_limits
from hub.channels.email.parse.html_to_text import html_to_text

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
    assert exceeds_limits(page)
    began = time.process_time()
    assert "<b" not in sanitise(page)
    assert "x" in html_to_text(page)
    assert time.process_time() - began < 1


@pytest.mark.parametrize("opening", ['<div title="</div>">', "<div><!--</div>-->", "<blockquote>"])
def test_html_nested_too_deep_exceeds_the_limits_however_it_is_hidden(opening: str) -> None:
    assert exceeds_limits(opening * 300)


@pytest.mark.parametrize("page", CHEAP.values(), ids=CHEAP.keys())
def test_usual_html_is_within_the_limits(page: str) -> None:
    assert not exceeds_limits(page)


@pytest.mark.parametrize("piece", ["<a ", "</a ", "<!--", '<a b="', "<style>", "<a a=b ", "<", "</", "<b a='"])
def test_torn_markup_is_looked_through_in_time(piece: str) -> None:
    began = time.process_time()
    exceeds_limits("<div></div>" * 300 + piece * (200_000 // len(piece)))
    assert time.process_time() - began < 1
