"""Tables of access: agents, teams, sessions, tokens, links, attempt counters and stored responses."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from hub.access.rights import AgentKind, Role
from hub.storage.closed_sets import check_one_of, one_of
from hub.storage.database import Base, new_id, now


class Purpose(StrEnum):
    """The purpose of a single-use link."""

    INVITATION = "invitation"
    RESET = "reset"
    SIGN_IN = "sign_in"


class Theme(StrEnum):
    """The colours of an agent's screen; SYSTEM follows their machine."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


def _enum_column(kind: type[StrEnum]) -> Enum:
    return Enum(
        kind, native_enum=False, length=20, values_callable=lambda members: [member.value for member in members]
    )


class Agent(Base, kw_only=True):
    """A person or bot who works in the inbox; never deleted, only disabled."""

    __tablename__ = "agent"
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint("(kind = 'bot') = (role = 'bot')", name="bot_role"),
        CheckConstraint("kind = 'bot' or email is not null", name="person_email"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    name: Mapped[str]
    role: Mapped[Role] = mapped_column(_enum_column(Role), check_one_of("role", Role))
    email: Mapped[str | None] = mapped_column(default=None, unique=True)
    kind: Mapped[AgentKind] = mapped_column(*one_of("kind", AgentKind), default=AgentKind.PERSON)
    password_hash: Mapped[str | None] = mapped_column(default=None, repr=False)
    language: Mapped[str] = mapped_column(default="en")
    time_zone: Mapped[str] = mapped_column(default="UTC")
    theme: Mapped[Theme] = mapped_column(*one_of("theme", Theme), default=Theme.SYSTEM)
    single_keys: Mapped[bool] = mapped_column(default=True)  # keyboard shortcuts of one key
    undo_seconds: Mapped[int | None] = mapped_column(default=None)  # None: the default of the settings
    disabled_at: Mapped[datetime | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    last_seen_at: Mapped[datetime | None] = mapped_column(default=None)
    demo: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)


class Team(Base, kw_only=True):
    """A team of agents, with a queue of its own."""

    __tablename__ = "team"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    name: Mapped[str] = mapped_column(unique=True)
    demo: Mapped[bool] = mapped_column(default=False)


class TeamMember(Base, kw_only=True):
    """The membership of an agent in a team."""

    __tablename__ = "team_member"

    team_id: Mapped[UUID] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), primary_key=True)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"), primary_key=True, index=True)


class SignIn(Base, kw_only=True):
    """A browser's session; of the cookie's secret only the SHA-256 is stored."""

    __tablename__ = "sign_in"
    __table_args__ = (Index(None, "agent_id", postgresql_where=text("revoked_at is null")),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True, repr=False)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"))
    csrf_secret: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    address: Mapped[str]
    user_agent: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    last_seen_at: Mapped[datetime] = mapped_column(default_factory=now)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)


class AccessToken(Base, kw_only=True):
    """A token by which a bot authenticates; of its secret only the SHA-256 and a short prefix are stored."""

    __tablename__ = "access_token"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True, repr=False)
    prefix: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    expires_at: Mapped[datetime | None] = mapped_column(default=None)
    last_used_at: Mapped[datetime | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)


class Link(Base, kw_only=True):
    """A link that works once: an invitation, a new password, or a sign-in."""

    __tablename__ = "link"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    purpose: Mapped[Purpose] = mapped_column(_enum_column(Purpose), check_one_of("purpose", Purpose))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True, repr=False)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    used_at: Mapped[datetime | None] = mapped_column(default=None)


class Attempt(Base, kw_only=True):
    """A counter of attempts on a subject in the current window; `strikes` counts used-up windows in a row."""

    __tablename__ = "attempt"

    subject: Mapped[str] = mapped_column(primary_key=True)
    tried: Mapped[int]
    strikes: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(index=True)


class StoredResponse(Base, kw_only=True):
    """The response to a request with an Idempotency-Key; `digest` is the SHA-256 of the request."""

    __tablename__ = "answered"

    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    body: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=now, index=True)
