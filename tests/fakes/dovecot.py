"""A real, temporary Dovecot on loopback: IMAP with TLS, LMTP, passwords and OAuth tokens.

with Dovecot.running() as dovecot:
    user = dovecot.add_user("anna@shop.test")
    dovecot.deliver(user.address, b"Subject: hello\\r\\n\\r\\nHi.\\r\\n")
"""

import contextlib
import getpass
import grp
import os
import pwd
import shutil
import signal
import smtplib
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.fakes.certificates import Certificates, make_certificates
from tests.fakes.ports import free_port, wait_for_port
from tests.fakes.tokens import TokenServer

CONFIGURATION = """
protocols = imap lmtp
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = yes
ssl_cert = <{certificates.certificate}
ssl_key = <{certificates.key}
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2 oauthbearer
auth_failure_delay = 0
auth_cache_size = 0
first_valid_uid = 1
mail_uid = {owner}
mail_gid = {group}
mail_location = {location}
mail_fsync = never
mail_max_userip_connections = 200
recipient_delimiter = +
passdb {{
  driver = passwd-file
  mechanisms = plain login
  args = scheme=PLAIN username_format=%u {folder}/users/%u
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {folder}/users/%u
}}
service imap-login {{
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
  {no_chroot}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp_port}
  }}
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    special_use = \\Sent
    auto = create
  }}
}}
{unprivileged}
"""
UNPRIVILEGED = """
default_internal_user = {me}
default_login_user = {me}
default_internal_group = {group}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@dataclass(frozen=True)
class User:
    """A mailbox of the test server."""

    address: str
    password: str
    token: str


class Dovecot:
    """One running instance in a folder of its own."""

    def __init__(self, folder: Path, *, numbers_at_once: bool = False) -> None:
        """Write keys and configuration, without starting the server.

        Of mails delivered at the same time, a Maildir gives some a UID only when a client looks, after later mails.
        With `numbers_at_once` the UIDs follow the order of delivery.
        """
        self.folder = folder
        self._location = f"sdbox:{folder}/mail/%u/boxes" if numbers_at_once else f"maildir:{folder}/mail/%u/Maildir"
        self.host = "localhost"
        self.imap_port, self.imaps_port, self.lmtp_port = (free_port() for _ in range(3))
        self.certificates: Certificates = make_certificates(folder)
        self.users: dict[str, User] = {}
        self._owner, self._group = _mail_owner()
        self._process: subprocess.Popen[bytes] | None = None
        self.tokens = TokenServer(self.users)
        self._write_configuration()

    @classmethod
    @contextlib.contextmanager
    def running(cls, *, numbers_at_once: bool = False) -> Iterator[Self]:
        """Run an instance until the block ends."""
        folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
        folder.chmod(0o755)
        dovecot = cls(folder, numbers_at_once=numbers_at_once)
        try:
            dovecot.start()
            yield dovecot
        finally:
            dovecot.stop()
            dovecot.tokens.stop()
            shutil.rmtree(folder, ignore_errors=True)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        with (self.folder / "stderr").open("ab") as stderr:
            self._process = subprocess.Popen(
                [_program("dovecot"), "-F", "-c", self.folder / "dovecot.conf"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                start_new_session=True,
            )
        for port in (self.imap_port, self.imaps_port, self.lmtp_port):
            wait_for_port(port, explain=self.log)

    def stop(self) -> None:
        """Stop the server and all its sessions at once; by itself it would give the sessions ten seconds more."""
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=0.5)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(timeout=20)
            self._process = None

    def log(self) -> str:
        """Return the server's log."""
        files = (self.folder / "stderr", self.folder / "log")
        return "\n".join(file.read_text() for file in files if file.exists())

    def add_user(self, address: str | None = None, password: str = "correct horse") -> User:
        """Add a mailbox; without a name, one with a new name."""
        address = address or f"box-{uuid.uuid4().hex[:8]}@shop.test"
        user = self.users[address] = User(address, password, token=uuid.uuid4().hex)
        home = self.folder / "mail" / address
        line = f"{address}:{{PLAIN}}{password}:{self._owner}:{self._group}::{home}::\n"
        (self.folder / "users" / address).write_text(line)  # one per user: a shared file is read once a second
        home.mkdir(exist_ok=True)
        self._give_away(home)
        return user

    def deliver(self, address: str, *raws: bytes) -> None:
        """Deliver mails by LMTP, one after the other."""
        with smtplib.LMTP("127.0.0.1", self.lmtp_port) as client:
            for raw in raws:
                client.sendmail("sender@customer.test", [address], raw)

    def fill(self, address: str, raws: Sequence[bytes]) -> None:
        """Put many mails into the inbox at once, through the file system."""
        maildir = self.folder / "mail" / address / "Maildir"
        for folder in (maildir, *(maildir / part for part in ("cur", "new", "tmp"))):
            folder.mkdir(exist_ok=True)
            self._give_away(folder)
        for number, raw in enumerate(raws):
            file = maildir / "new" / f"{int(time.time())}.M{number:06d}P1.{uuid.uuid4().hex[:6]}"
            file.write_bytes(raw)
            self._give_away(file)

    def bump_uidvalidity(self, address: str, folder: str = "INBOX") -> None:
        """Give the folder a new UIDVALIDITY, as a restored backup would."""
        self.doveadm("mailbox", "update", "-u", address, "--uid-validity", str(int(time.time()) + 1000), folder)

    def kick(self, address: str) -> None:
        """Disconnect every session of the user."""
        self.doveadm("kick", address)

    def flags(self, address: str, folder: str = "INBOX") -> list[str]:
        """Return the flags of each mail in the folder, in order."""
        return self.doveadm("-f", "flow", "fetch", "-u", address, "flags", "mailbox", folder, "all").splitlines()

    def doveadm(self, *arguments: str) -> str:
        """Run an administrator's command and return its output."""
        command = [_program("doveadm"), "-c", str(self.folder / "dovecot.conf"), *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30)
        return done.stdout

    def _give_away(self, path: Path) -> None:
        if os.getuid() == 0:
            shutil.chown(path, self._owner, self._group)

    def _write_configuration(self) -> None:
        (self.folder / "mail").mkdir()
        self._give_away(self.folder / "mail")
        (self.folder / "users").mkdir()
        plain_user = os.getuid() != 0
        unprivileged = UNPRIVILEGED.format(me=getpass.getuser(), group=self._group) if plain_user else ""
        text = CONFIGURATION.format(
            folder=self.folder,
            location=self._location,
            certificates=self.certificates,
            owner=self._owner,
            group=self._group,
            imap_port=self.imap_port,
            imaps_port=self.imaps_port,
            lmtp_port=self.lmtp_port,
            no_chroot="chroot =" if plain_user else "",
            unprivileged=unprivileged,
        )
        (self.folder / "dovecot.conf").write_text(text)
        (self.folder / "oauth2.conf").write_text(
            f"introspection_mode = post\nintrospection_url = {self.tokens.url}\n"
            "username_attribute = email\nactive_attribute = active\nactive_value = true\n"
        )


def _mail_owner() -> tuple[str, str]:
    if os.getuid() == 0:
        return "nobody", grp.getgrgid(pwd.getpwnam("nobody").pw_gid).gr_name
    return getpass.getuser(), grp.getgrgid(os.getgid()).gr_name


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin")
    if found is None:
        message = f"{name} is missing: apt-get install dovecot-imapd dovecot-lmtpd"
        raise FileNotFoundError(message)
    return found
