"""Names of files that come from outside are harmless wherever they are shown or saved."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channels.file_names import safe_name

DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}


@pytest.mark.parametrize(
    "given, safe",
    [
        ("report.pdf", "report.pdf"),
        ("Año nuevo – 日本.txt", "Año nuevo – 日本.txt"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\Users\\ann\\cv.doc", "cv.doc"),
        ("C:cv.doc", "C_cv.doc"),
        ("．．／．．／passwd", "passwd"),  # full-width dots and slashes
        ("a℀b.txt", "cb.txt"),  # ℀ is normalised to a/c
        ("folder/", ""),
        ("..", ""),
        ("...", ""),
        ("", ""),
        ("   ", ""),
        (".profile", "profile"),
        (". .profile", "profile"),
        ("invoice.pdf...", "invoice.pdf"),
        ("invoice.pdf. . ", "invoice.pdf"),
        ("ann\u202egpj.exe", "anngpj.exe"),  # right-to-left override
        ("\u2066ann\u2069.txt", "ann.txt"),
        ("a\u200bb\ufeff.txt", "ab.txt"),
        ("nul\x00byte.txt", "nulbyte.txt"),
        ("\x00", ""),
        ("line\r\nbreak.txt", "linebreak.txt"),
        ("line\u2028break.txt", "linebreak.txt"),
        ("lone\ud800.txt", "lone.txt"),
        ('what?<is>|"this"*.txt', "what__is___this__.txt"),
        ("con", "_con"),
        ("CON.txt", "_CON.txt"),
        ("con .txt", "_con .txt"),
        ("Aux.tar.gz", "_Aux.tar.gz"),
        ("com1", "_com1"),
        ("com¹.log", "_com1.log"),
        ("lpt9.", "_lpt9"),
        ("conin$", "_conin$"),
        ("console.log", "console.log"),
        ("x" * 300, "x" * 176),
        ("x" * 300 + ".pdf", "x" * 172 + ".pdf"),
        ("x" * 300 + ".notanextension", "x" * 176),
        ("é" * 150 + ".pdf", "é" * 118 + ".pdf"),
        ("📦" * 75, "📦" * 60),
        ("x" * 170 + ". . . . . . .pdf", "x" * 170 + ".pdf"),
    ],
)
def test_hostile_names_become_harmless(given: str, safe: str) -> None:
    assert safe_name(given) == safe


def test_a_file_of_which_no_name_is_left_gets_the_name_it_is_offered() -> None:
    assert safe_name("../..", "file") == "file"
    assert safe_name("a.txt", "file") == "a.txt"


@given(st.text(alphabet=st.characters(codec=None), max_size=300))
def test_any_name_becomes_one_that_every_system_can_save(name: str) -> None:
    safe = safe_name(name)
    assert len(safe.encode()) <= 240
    assert not set(safe) & set('/\\<>:"|?*\x00\r\n')
    assert not safe.startswith(".")
    assert not safe.endswith((".", " "))
    assert safe.partition(".")[0].strip().lower() not in DEVICES
    assert safe_name(safe) == safe
