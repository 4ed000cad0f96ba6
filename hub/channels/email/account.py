"""The settings of a mailbox, as an administrator fills them in."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Security = Literal["tls", "starttls", "none"]
Port = Annotated[int, Meta(ge=1, le=65535)]
Secret = Annotated[str, Meta(extra_json_schema={"format": "password"})]


IMAP_SERVER = ["imap_host", "imap_port", "imap_security"]
SMTP_SERVER = ["smtp_host", "smtp_port", "smtp_security"]


class Account(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mailbox: the servers for receiving and sending, and the credentials for both."""

    address: Annotated[
        str,
        Meta(
            title="Address", description="The address customers write to.", pattern=r"^[^@\s<>,;:\"]+@[^@\s<>,;:\"]+$"
        ),
    ]
    display_name: Annotated[
        str, Meta(title="Display name", description="The name customers see beside the address.", max_length=200)
    ] = ""
    imap_host: Annotated[
        str | None,
        Meta(title="IMAP server", description="Where mail is fetched; empty when a mail server pushes it to us."),
    ] = None
    imap_port: Annotated[Port, Meta(title="IMAP port", description="993 with TLS, 143 with STARTTLS.")] = 993
    imap_security: Annotated[Security, Meta(title="IMAP security", description="How the connection is protected.")] = (
        "tls"
    )
    imap_user: Annotated[str, Meta(title="IMAP user name", description="Empty where it is the address.")] = ""
    imap_password: Annotated[
        Secret,
        Meta(
            title="IMAP password",
            description="With Gmail and others, an app password.",
            extra_json_schema={"goesTo": IMAP_SERVER},
        ),
    ] = ""
    imap_folder: Annotated[str, Meta(title="Folder", description="The folder that is watched.", min_length=1)] = "INBOX"
    smtp_host: Annotated[
        str | None, Meta(title="SMTP server", description="Where replies are handed in; empty when none are sent.")
    ] = None
    smtp_port: Annotated[Port, Meta(title="SMTP port", description="587 with STARTTLS, 465 with TLS.")] = 587
    smtp_security: Annotated[Security, Meta(title="SMTP security", description="How the connection is protected.")] = (
        "starttls"
    )
    smtp_user: Annotated[str, Meta(title="SMTP user name", description="Empty when the server asks for none.")] = ""
    smtp_password: Annotated[
        Secret,
        Meta(
            title="SMTP password",
            description="With Gmail and others, an app password.",
            extra_json_schema={"goesTo": SMTP_SERVER},
        ),
    ] = ""
    auth: Annotated[
        Literal["password", "xoauth2"],
        Meta(title="Sign-in", description="By password, or by an OAuth token (XOAUTH2)."),
    ] = "password"
    oauth_token: Annotated[
        Secret,
        Meta(
            title="OAuth token",
            description="An access token for both servers; only with XOAUTH2.",
            extra_json_schema={"goesTo": IMAP_SERVER + SMTP_SERVER},
        ),
    ] = ""
    ca_file: Annotated[
        str | None,
        Meta(title="Own authority", description="A file with the certificates to trust in place of the system's."),
    ] = None
    push_key: Annotated[
        Secret,
        Meta(
            title="Push key",
            description="A mail server may also POST raw mail to this channel's callback address, with this key as its "
            "Bearer token; empty: it may not. At least 24 characters.",
            pattern=r"^(\S{24,200})?$",
        ),
    ] = ""
    delete_after_fetch: Annotated[
        bool,
        Meta(title="Delete after fetching", description="Delete mail from the server once it is safely stored here."),
    ] = False
    subaddressing: Annotated[
        bool,
        Meta(
            title="Reply addresses",
            description="Ask for replies at name+key@domain; the mail server must deliver these to the mailbox.",
        ),
    ] = True
