"""Each address has one normal form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.timeline.identity import normalise


@pytest.mark.parametrize(
    "scheme, written, normal",
    [
        ("mailto", " Ana@Example.COM ", "ana@example.com"),
        ("mailto", "ana+shop@example.com", "ana+shop@example.com"),
        ("mailto", "ana@BÜCHER.example", "ana@xn--bcher-kva.example"),
        ("mailto", "ana@example.com.", "ana@example.com"),
        ("mailto", "no address at all", "no address at all"),
        ("tel", "+34 600 11 22 33", "+34600112233"),
        ("tel", "0034600112233", "+34600112233"),
        ("tel", "call me", "call me"),
        ("webchat", "V-8F2C", "V-8F2C"),
    ],
)
def test_an_address_has_one_form(scheme: str, written: str, normal: str) -> None:
    assert normalise(scheme, written) == normal


@given(st.sampled_from(["mailto", "tel", "webchat"]), st.text(max_size=80))
def test_any_text_is_kept_in_a_form_that_stays(scheme: str, written: str) -> None:
    once = normalise(scheme, written)
    assert normalise(scheme, once) == once
