"""Errors of mailboxes: what IMAP and SMTP servers refuse, and mails that cannot be read."""

from hub.channels.send_errors import Doubtful, Misconfigured, Notice, Rejected, Throttled, Unreachable
from hub.errors import BadInput, Forged

TEMPORARY_CODES = ("UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "CONTACTADMIN", "THROTTLED")  # RFC 5530


class CertificateFileMissing(Misconfigured):
    """The file of trusted certificates {file} does not exist. Correct its path."""

    file: str


class CertificateFileEmpty(Misconfigured):
    """{file} contains no certificate in PEM form. Choose another file."""

    file: str


class CertificateNotTrusted(Misconfigured):
    """The certificate of {where} is not trusted ({problem}).

    Check the name of the server, or give the certificate file of its authority.
    """

    where: str
    problem: str


class TlsNotSpoken(Misconfigured):
    """{where} does not use TLS on this port. Check the port and the kind of security."""

    where: str


class ServerNameUnknown(Misconfigured):
    """There is no server named {where}. Check the name."""

    where: str


class ServerSilent(Unreachable):
    """{where} did not answer in time. The hub tries again by itself; check the port if this lasts."""

    where: str


class ServerRefusesConnection(Unreachable):
    """{where} refuses the connection. Check the port, or wait until the server is back."""

    where: str


class ConnectionLost(Unreachable):
    """The connection to {where} was lost. The hub tries again by itself."""

    where: str


class ServerBusy(Unreachable):
    """{where} is still busy with another mail. The hub tries again by itself."""

    where: str


class ServerNotUnderstood(Unreachable):
    """The answer of {where} cannot be understood ({problem}). Check that this is a mail server and its port."""

    where: str
    problem: str


class StarttlsNotOffered(Misconfigured):
    """{where} does not offer STARTTLS. Choose TLS, usually on port {port}."""

    where: str
    port: int


class PasswordNeedsTls(Misconfigured):
    """{where} does not accept a password without encryption. Choose TLS or STARTTLS."""

    where: str


class MailPasswordRefused(Misconfigured):
    """{where} refused the user name or password. Check both; with Gmail use an app password."""

    where: str


class MailTokenRefused(Misconfigured):
    """{where} refused the OAuth token. Sign in with the provider again."""

    where: str


class SmtpWithoutOauth(Misconfigured):
    """{where} does not accept OAuth tokens. Choose to sign in with a password."""

    where: str


class SmtpSignInNotOffered(Misconfigured):
    """{where} does not offer to sign in here. Choose TLS or STARTTLS, or leave the user name empty."""

    where: str


class SmtpHostMissing(Misconfigured):
    """This mailbox has no SMTP server to send with. Enter its name."""


class SmtpUnwilling(Misconfigured):
    """The mail server refuses to talk to the hub: {reply} {said}"""

    reply: int
    said: str


class SenderRefused(Misconfigured):
    """The mail server does not let this mailbox send as {address} ({reply} {said}).

    Check the SMTP user name and the addresses that it may send as.
    """

    address: str
    reply: int
    said: str


class MessageRefused(Rejected):
    """The mail server refused the message: {reply} {said}"""

    reply: int
    said: str


class MailServerSlowsDown(Throttled):
    """The mail server asks the hub to send more slowly: {reply} {said}"""

    reply: int
    said: str


class MailServerPostpones(Unreachable):
    """The mail server asks the hub to come back later: {reply} {said}"""

    reply: int
    said: str


class MessageUnconfirmed(Doubtful):
    """{where} received the whole message and then did not confirm it. Check with the customer whether it arrived."""

    where: str


class RecipientInvalid(Rejected):
    """{address} is not a valid e-mail address. Correct it and send again."""

    address: str


class ImapHostMissing(Misconfigured):
    """This mailbox has no IMAP server. Enter its name, or have another mail server deliver to the hub."""


class ImapNotSpoken(Misconfigured):
    """{where} is not an IMAP server. Check the name and the port."""

    where: str


class FolderMissing(Misconfigured):
    """The mailbox has no folder named {folder}. Check its name."""

    folder: str


class FolderUnavailable(Unreachable):
    """The folder {folder} cannot be opened at the moment: {said}"""

    folder: str
    said: str


class ImapSignInUnavailable(Unreachable):
    """The mail server cannot sign the hub in at the moment: {said}"""

    said: str


class ImapConnectionClosed(Unreachable):
    """The mail server closed the connection: {said}"""

    said: str


class ImapNotUnderstood(Unreachable):
    """The mail server sent something that the hub cannot understand ({problem}). Check that this is an IMAP server."""

    problem: str


class ImapCommandRefused(Unreachable):
    """The mail server refused a command ({said}). Check the settings of this mailbox if this lasts."""

    reply: str
    said: str

    @property
    def is_temporary(self) -> bool:
        """Return whether the response code says that a retry may succeed (RFC 5530)."""
        return self.reply.upper().startswith(TEMPORARY_CODES)


class MailboxChecked(Notice):
    """{folder} on {where} is open; number of mails: {count}."""

    folder: str
    where: str
    count: int


class SmtpChecked(Notice):
    """{where} accepts mail from this mailbox."""

    where: str


class MailOnlyPushed(Notice):
    """This mailbox only receives what another mail server delivers. To send, enter an SMTP server."""


class PushKeyWrong(Forged):
    """The push key is missing or wrong. Send the push key of this channel as a Bearer token."""


class MailTooLarge(BadInput):
    """The mail is larger than 100 MB unpacked. Ask the sender for a link to the files instead."""


class MailEmpty(BadInput):
    """The mail is empty. Ask the sender to write again."""


class MailTooSlow(BadInput):
    """The mail takes longer than {seconds} seconds to read. Download the original instead."""

    seconds: int


class MailTooComplex(BadInput):
    """The mail needs more memory or time to read than allowed. Download the original instead."""
