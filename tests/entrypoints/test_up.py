"""The lines that `hub up` prints."""

from pathlib import Path

import pytest

from hub.entrypoints.up import mail_servers
from hub.settings import Settings


@pytest.mark.parametrize(
    "smtp, lmtp, shown",
    [
        (2525, 2424, "smtp://127.0.0.1:2525  lmtp://127.0.0.1:2424"),
        (2525, 0, "smtp://127.0.0.1:2525"),
        (0, 0, "none"),
    ],
)
def test_only_mail_servers_that_run_are_printed(tmp_path: Path, smtp: int, lmtp: int, shown: str) -> None:
    assert mail_servers(Settings(data_dir=tmp_path, smtp_port=smtp, lmtp_port=lmtp)) == shown
