import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channels.contract import AttachmentRule, Capabilities, OutboundFile
from hub.channels.errors import (
    FilesTooLargeTogether,
    FileTooLargeForChannel,
    FileTypeNotSupported,
    NothingToSend,
    TooManyFiles,
)
from hub.channels.markdown import to_html, to_plain
from hub.channels.render import Content, can_split_at, fit, split
from hub.errors import BadInput

TAGS = {"p", "br", "strong", "em", "code", "pre", "a", "ul", "ol", "li", "blockquote"}
MARKS = st.sampled_from(
    ["**", "*", "_", "`", "```\n", "\n- ", "\n1. ", "\n> ", "[x](", ")", "https://a.b/c", "<b>", "&amp;", '"']
)
WRITTEN = st.lists(st.one_of(MARKS, st.text(max_size=12)), max_size=25).map("".join)
PLAIN = Capabilities(scheme="x", max_chars=40)
RULE = AttachmentRule(max_count=2, max_bytes=10, max_total_bytes=15, media_types=("image/*", "text/plain"))


class Reading(HTMLParser):
    """Collects tags, attributes and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.words += data


def _bare(text: str) -> str:
    return "".join(text.split())


@given(WRITTEN)
def test_html_holds_nothing_but_the_subset(written: str) -> None:
    read = Reading(to_html(written))
    assert read.tags <= TAGS
    assert read.attributes <= {"href", "rel", "start"}
    assert all(link.startswith(("http://", "https://", "mailto:")) for link in read.links)


@given(
    st.text(
        alphabet=st.characters(
            exclude_characters="*_`[>-•0123456789/:\r\x85\u2028\u2029", exclude_categories=("Cs", "Cc")
        )
    )
)
def test_plain_words_are_unchanged(written: str) -> None:
    assert _bare(Reading(to_html(written)).words) == _bare(written)
    assert _bare(to_plain(written)) == _bare(written)


@given(st.text(), st.integers(1, 60))
def test_splitting_loses_nothing_but_white_space_and_keeps_the_limit(text: str, limit: int) -> None:
    pieces = split(text, limit)
    assert _bare("".join(pieces)) == _bare(text)
    assert all(0 < len(piece) <= limit for piece in pieces)


@given(st.lists(st.sampled_from(["👩‍🔬", "👍🏽", "é", "🇪🇸", "ñ", "a", "क्षि"]), min_size=1, max_size=40))
def test_characters_people_see_as_one_are_not_torn_apart(seen: list[str]) -> None:
    pieces = split("".join(seen), 10)
    torn = [piece for piece in pieces if unicodedata.category(piece[0]) in {"Mn", "Mc", "Me"} or piece[0] in "\u200d🏽"]
    assert torn == []


def test_flags_part_only_between_two_letters_each() -> None:
    flags = "🇪🇸🇫🇷"
    assert [can_split_at(flags, at) for at in (1, 2, 3)] == [False, True, False]


def test_a_text_is_cut_at_paragraphs_then_lines_then_sentences_then_words() -> None:
    assert split("One two.\n\nThree four five", 20) == ["One two.\n\nThree four", "five"]
    assert split("First sentence here. Second one", 25) == ["First sentence here.", "Second one"]
    assert split("abcdefghij" * 3, 10) == ["abcdefghij"] * 3
    assert split("", 10) == []


def test_the_subset_as_html() -> None:
    written = (
        "Hi **Ann**,\nsee [our *page*](https://a.b/c?x=1&y=2)\n\n- one\n- two `x<y`\n\n"
        "1. a\n\n> quoted\n\n```\n**raw**\n```"
    )
    link = '<a href="https://a.b/c?x=1&amp;y=2" rel="noopener noreferrer">our <em>page</em></a>'
    assert to_html(written) == (
        f"<p>Hi <strong>Ann</strong>,<br>see {link}</p>\n"
        "<ul><li>one</li><li>two <code>x&lt;y</code></li></ul>\n<ol><li>a</li></ol>\n"
        "<blockquote><p>quoted</p></blockquote>\n<pre><code>**raw**</code></pre>"
    )


def test_the_subset_as_plain_text() -> None:
    written = "Hi **Ann**, see [here](https://a.b)\n- *one*\n> said\n2 * 3 * 4 is_not_italic"
    assert to_plain(written) == "Hi Ann, see here (https://a.b)\n- one\n> said\n2 * 3 * 4 is_not_italic"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "file:///etc", "//evil.example"])
def test_other_addresses_are_no_links(address: str) -> None:
    assert "<a" not in to_html(f"[click]({address})")


def test_mail_gets_html_and_text_and_a_plain_channel_only_text() -> None:
    mail = Capabilities(scheme="mailto", formatting="html", subject=True)
    [part] = fit(Content(text="**Hi**", subject="S"), mail)
    assert (part.text, part.html, part.subject) == ("Hi", "<p><strong>Hi</strong></p>", "S")
    [plain] = fit(Content(text="**Hi**", subject="S"), PLAIN)
    assert (plain.text, plain.html, plain.subject) == ("Hi", None, None)
    [chat] = fit(Content(text=" **Hi** "), Capabilities(scheme="x", formatting="markdown"))
    assert chat.text == "**Hi**"


def test_files_go_with_the_last_part() -> None:
    parts = fit(
        Content(text="word " * 20, files=(_file("a.txt", 5),)),
        Capabilities(scheme="x", max_chars=40, attachments=RULE),
    )
    assert [len(part.files) for part in parts] == [0, 0, 1]


PROGRAM = "application/x-msdownload"


@pytest.mark.parametrize(
    "files, error",
    [
        ([("a.txt", 11)], FileTooLargeForChannel(file="a.txt", size_bytes=11, limit_bytes=10)),
        ([("a.txt", 1), ("b.txt", 1), ("c.txt", 1)], TooManyFiles(most=2, count=3, file="c.txt")),
        ([("a.txt", 8), ("b.txt", 9)], FilesTooLargeTogether(size_bytes=17, limit_bytes=15, file="b.txt")),
        ([("a.exe", 1)], FileTypeNotSupported(file="a.exe", media_type=PROGRAM, accepted="image/*, text/plain")),
    ],
)
def test_a_file_beyond_the_limits_is_refused_by_name(files: list[tuple[str, int]], error: BadInput) -> None:
    content = Content(text="x", files=tuple(_file(name, size) for name, size in files))
    with pytest.raises(type(error)) as refused:
        fit(content, Capabilities(scheme="x", attachments=RULE))
    assert (refused.value.reason, refused.value.field) == (error.reason, "attachment_ids")


def test_nothing_at_all_is_refused() -> None:
    with pytest.raises(NothingToSend):
        fit(Content(text="  \n "), PLAIN)


def test_a_file_alone_is_enough() -> None:
    [part] = fit(Content(text="", files=(_file("a.txt", 1),)), Capabilities(scheme="x", attachments=RULE))
    assert (part.text, len(part.files)) == ("", 1)


def _file(name: str, size: int) -> OutboundFile:
    kind = "application/x-msdownload" if name.endswith(".exe") else "text/plain"
    return OutboundFile(filename=name, media_type=kind, content=b"x" * size)
