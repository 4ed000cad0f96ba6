"""The tests that every channel must pass; the test class of each channel inherits them.

class TestSms(ChannelContract):
    adapter_type = SmsAdapter
    account = SmsAccount(...)          # of a server that does not answer
    secrets = ("s3cret",)              # the secrets of the account
    samples = (Callback(...),)         # what the provider sends, for parse
"""

import logging
import re
from datetime import timedelta
from typing import ClassVar

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from hub.channels import registry
from hub.channels.contract import (
    Adapter,
    Callback,
    Capabilities,
    Colour,
    DeliveryReceipt,
    InboundMessage,
    OutboundFile,
    OutboundMessage,
    Point,
    Typing,
    Unreadable,
)
from hub.channels.render import Content, fit
from hub.channels.send_errors import SendError
from hub.errors import BadInput, Forged
from hub.storage.database import now

KINDS_OF_INBOUND = (InboundMessage, DeliveryReceipt, Typing, Unreadable)
NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)"
ARGUMENTS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2, "A": 7, "Z": 0}  # SVG 2, 9.3
GARBAGE = (
    b"",
    b"\x00",
    b"\xff\xfe" * 50,
    b"{",
    b"[]",
    b"null",
    b"{}" * 1000,
    b"From: \xff\r\n\r\n\x00",
    b"a" * 100_000,
)


class ChannelContract:
    """Inherit this class and name the adapter, an account, its secrets and some samples."""

    adapter_type: ClassVar[type[Adapter]]
    account: ClassVar[Struct]
    secrets: ClassVar[tuple[str, ...]] = ()
    samples: ClassVar[tuple[Callback, ...]] = ()

    def adapter(self) -> Adapter:
        """Create an adapter, which must not open a connection."""
        return registry.create_adapter(self.adapter_type.kind, self.account)

    @property
    def capabilities(self) -> Capabilities:
        return self.adapter_type.capabilities

    def message(self, text: str = "Hello") -> OutboundMessage:
        to = Point(scheme=self.capabilities.scheme, value="ann@customer.example", name="Ann")
        return OutboundMessage(id="0190a0b0-0000-7000-8000-000000000001", to=to, text=text, created_at=now())

    # --- declarations ---------------------------------------------------------------------------

    def test_the_folder_is_named_after_the_kind(self) -> None:
        assert registry.adapter_type(self.adapter_type.kind) is self.adapter_type

    def test_people_recognise_it_in_both_languages(self) -> None:
        appearance = self.adapter_type.appearance
        assert appearance.label.en.strip()
        assert appearance.label.es.strip()
        assert appearance.colour in Colour
        assert problem_of_path(appearance.icon) is None

    def test_its_capabilities_make_sense(self) -> None:
        can = self.capabilities
        assert can.scheme
        assert can.max_chars is None or can.max_chars >= 20
        assert can.lines >= 1
        assert can.pace is None or can.pace > 0
        assert can.undo >= timedelta()
        rule = can.attachments
        assert (rule.max_count == 0) == (rule.max_bytes == 0) == (rule.max_total_bytes == 0)
        assert rule.max_bytes <= rule.max_total_bytes

    def test_the_form_has_a_schema_that_marks_every_secret(self) -> None:
        shown, secret = registry.split_secrets(self.adapter_type.kind, self.account)
        assert registry.schema(self.adapter_type.kind)["type"] == "object"
        for one in self.secrets:
            assert one not in str(shown)
            assert one in str(secret)

    def test_an_account_survives_being_stored(self) -> None:
        shown, secret = registry.split_secrets(self.adapter_type.kind, self.account)
        stored = msgspec.json.decode(msgspec.json.encode({**shown, **secret}))
        assert registry.account(self.adapter_type.kind, stored) == self.account

    def test_unknown_settings_are_refused_by_name(self) -> None:
        shown, secret = registry.split_secrets(self.adapter_type.kind, self.account)
        with pytest.raises(BadInput) as refused:
            registry.account(self.adapter_type.kind, {**shown, **secret, "no_such_setting": 1})
        assert refused.value.field == "no_such_setting"

    # --- sending ---------------------------------------------------------------------------------

    async def test_sending_without_a_server_raises_a_send_error_without_secrets(
        self,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        adapter = self.adapter()
        caplog.set_level(logging.DEBUG)
        told = ""
        try:
            await adapter.send(self.message())
        except SendError as error:
            told = f"{error.detail} {error.reason} {error.provider_code} {error!r} {error.__cause__!r}"
        finally:
            await adapter.close()
        for one in self.secrets:
            assert one not in told + caplog.text + repr(adapter)

    async def test_checking_without_a_server_says_so_without_secrets(self) -> None:
        adapter = self.adapter()
        try:
            told = " ".join(one.detail for one in await adapter.check())
        except SendError as error:
            told = error.detail
        finally:
            await adapter.close()
        assert told
        assert not any(one in told for one in self.secrets)

    async def test_closing_twice_is_harmless(self) -> None:
        adapter = self.adapter()
        await adapter.close()
        await adapter.close()

    def test_files_within_the_rule_are_carried(self) -> None:
        rule = self.capabilities.attachments
        if not rule.max_count:
            with pytest.raises(BadInput):
                fit(Content(text="x", files=(_file(1),)), self.capabilities)
            return
        kept = fit(Content(text="x", files=(_file(min(rule.max_bytes, 1000)),)), self.capabilities)
        assert len(kept[-1].files) == 1

    def test_too_large_a_file_is_refused_by_name(self) -> None:
        rule = self.capabilities.attachments
        with pytest.raises(BadInput, match=r"big\.bin|cannot send files"):
            fit(Content(text="x", files=(_file(rule.max_bytes + 1, "big.bin"),)), self.capabilities)

    def test_too_long_a_text_is_split(self) -> None:
        if self.capabilities.max_chars is None:
            assert len(fit(Content(text="word " * 50_000), self.capabilities)) == 1
            return
        parts = fit(Content(text="word " * self.capabilities.max_chars), self.capabilities)
        assert len(parts) > 1
        assert all(len(part.text) <= self.capabilities.max_chars for part in parts)

    # --- receiving -------------------------------------------------------------------------------

    @pytest.mark.parametrize("garbage", GARBAGE)
    async def test_garbage_is_unreadable_and_breaks_nothing(self, garbage: bytes) -> None:
        self._parse_safely(garbage)

    @settings(
        max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors]
    )
    @given(noise=st.binary(max_size=2000))
    def test_noise_is_unreadable_and_breaks_nothing(self, noise: bytes) -> None:
        self._parse_safely(noise)

    def _parse_safely(self, body: bytes) -> None:
        if self.adapter_type.parse is Adapter.parse:
            return
        try:
            found = self.adapter().parse(Callback(url="", headers={}, body=body))
        except Forged:
            return
        assert all(isinstance(one, KINDS_OF_INBOUND) for one in found)

    async def test_parsing_is_pure(self) -> None:
        for sample in self.samples:
            first, second = self.adapter().parse(sample), self.adapter().parse(sample)
            assert list(first) == list(second)
            assert all(isinstance(one, KINDS_OF_INBOUND) for one in first)

    async def test_items_of_one_callback_have_different_ids(self) -> None:
        for sample in self.samples:
            ids = [one.external_id for one in self.adapter().parse(sample) if isinstance(one, InboundMessage)]
            assert len(set(ids)) == len(ids)
            assert all(ids)


def problem_of_path(data: str) -> str | None:
    """Return what is wrong with the data of an SVG path; None: it can be drawn."""
    segments = re.findall(r"([A-Za-z])([^A-Za-z]*)", data)
    if not segments or segments[0][0] not in "Mm" or data.strip()[0] not in "Mm":
        return "a path begins with a move"
    for command, written in segments:
        wanted = ARGUMENTS.get(command.upper())
        if wanted is None or re.sub(NUMBER, "", written).strip(" ,\n"):
            return f"{command}{written} is no command"
        count = _numbers(command, written)
        if (count % wanted if wanted else count) or (wanted and not count):
            return f"{command} does not take {count} numbers"
    return None


def _numbers(command: str, written: str) -> int:
    """Count the numbers of a command; the two flags of an arc may stand together: "0 01" is 0, 0 and 1."""
    if command not in "Aa":
        return len(re.findall(NUMBER, written))
    gap, flag = r"[ ,]*", r"[01]"
    arc = gap.join((NUMBER, NUMBER, NUMBER, flag, flag, NUMBER, NUMBER))
    rest, arcs = re.subn(arc, "", written)
    return arcs * ARGUMENTS["A"] + len(re.findall(NUMBER, rest))


def _file(size: int, filename: str = "a.txt") -> OutboundFile:
    return OutboundFile(filename=filename, media_type="text/plain", content=b"x" * size)
