import subprocess
import sys
from collections.abc import Iterator

import pytest

from hub.channels import registry
from hub.channels.contract import Adapter
from hub.channels.errors import ChannelKindUnknown, SettingInvalid, SettingMalformed, SettingMissing, SettingNotOfKind
from hub.errors import BadInput
from tests.support.outbox import more_kinds

LOADS = """
import sys
from hub.channels.errors import ChannelKindUnknown, SettingMissing, SettingNotOfKind, SettingInvalid, SettingMalformed
from hub.channels import registry
registry.kinds()
heavy = {"twilio", "telegram", "aiosmtplib", "aioimaplib", "aiosmtpd"}
print(sorted({name.partition(".")[0] for name in sys.modules} & heavy))
"""


@pytest.fixture
def kinds() -> Iterator[None]:
    with more_kinds():
        yield


def test_every_folder_with_an_adapter_is_a_kind() -> None:
    assert {"email", "webchat"} <= set(registry.kinds())


def test_a_new_folder_is_found_without_registration(kinds: None) -> None:
    assert "post_safe" in registry.kinds()
    assert issubclass(registry.adapter_type("post_safe"), Adapter)
    assert registry.capabilities("post_safe").scheme == "post"
    assert registry.listens("post_safe")
    assert not registry.listens("webchat")


def test_naming_the_kinds_loads_no_provider() -> None:
    detail = subprocess.run([sys.executable, "-c", LOADS], capture_output=True, check=True, text=True)
    assert detail.stdout.strip() == "[]"


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ChannelKindUnknown, match="webchat"):
        registry.adapter_type("pigeon")


def test_the_form_has_its_fields_at_the_top() -> None:
    schema = registry.schema("webchat")
    assert schema["type"] == "object"
    assert schema["properties"]["site_name"]["title"] == "Site name"
    assert registry.secret_fields("webchat") == {"identity_secret"}
    assert "smtp_password" in registry.secret_fields("email")


def test_settings_and_secrets_are_split_and_joined_again() -> None:
    filled = registry.account("webchat", {"site_name": "Shop", "identity_secret": "s3cret"})
    shown, secret = registry.split_secrets("webchat", filled)
    assert secret == {"identity_secret": "s3cret"}
    assert "identity_secret" not in shown
    assert registry.account("webchat", {**shown, **secret}) == filled


@pytest.mark.parametrize(
    "settings, field, kind",
    [
        ({}, "site_name", SettingMissing),
        ({"site_name": "Shop", "colour": "red"}, "colour", SettingNotOfKind),
        ({"site_name": 3}, "site_name", SettingInvalid),
        ({"site_name": "Shop", "allowed_origins": ["shop"]}, "allowed_origins", SettingMalformed),
        ({"site_name": "Shop", "replies_in": 0}, "replies_in", SettingInvalid),
    ],
)
def test_wrong_settings_are_refused_by_field(settings: dict[str, object], field: str, kind: type[BadInput]) -> None:
    with pytest.raises(kind) as refused:
        registry.account("webchat", settings)
    assert refused.value.field == field


def test_an_empty_field_counts_as_left_out_where_there_may_be_none() -> None:
    filled = registry.account("email", {"address": "help@shop.example", "imap_host": "", "smtp_password": ""})
    shown, secret = registry.split_secrets("email", filled)
    assert shown["imap_host"] is None
    assert secret == {}


def test_the_email_channel_has_a_mail_server() -> None:
    assert [kind for kind, _ in registry.mail_servers()] == ["email"]
