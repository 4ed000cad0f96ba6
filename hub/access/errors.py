"""Errors of people, teams, sign-in, sessions and tokens."""

from hub.errors import BadInput, CommandError, Conflict, Forbidden, NotFound, TooMany, Unauthenticated


class EmailInvalid(BadInput):
    """This is not an e-mail address. Write it like name@example.com."""

    field = "email"


class EmailMissing(BadInput):
    """Enter an e-mail address: a person needs one to sign in."""

    field = "email"


class EmailTaken(Conflict):
    """Another agent already has this e-mail address. Use a different one."""

    field = "email"


class TimeZoneUnknown(BadInput):
    """This time zone is unknown. Write it like Europe/Madrid."""

    field = "time_zone"


class RoleNotForKind(BadInput):
    """A bot has the role bot, and a person has any other role. Choose another role."""

    field = "role"


class OwnerOnly(Forbidden):
    """Only an owner can add, change or remove an owner. Ask an owner to do it."""

    field = "role"


class OwnRoleRaised(Forbidden):
    """You cannot give yourself a higher role. Ask a colleague with that role."""

    field = "role"


class KindFixed(Forbidden):
    """A bot cannot become a person, nor a person a bot. Add a new agent instead."""

    field = "role"


class OwnAccountDisabled(Forbidden):
    """You cannot disable your own account. Ask a colleague to do it."""

    field = "disabled"


class LastOwner(Conflict):
    """This is the last owner. Make another person an owner first."""


class AgentNotFound(NotFound):
    """This agent does not exist. Reload the page to see the current list."""


class AgentDisabled(Conflict):
    """This person is disabled. Enable the account first."""


class BotNotInvitable(Conflict):
    """A bot cannot be invited. Create a token for it instead."""


class ScopesInvalid(BadInput):
    """Choose at least one scope for the token, from these: {known}."""

    field = "scopes"
    known: str


class ExpiryInvalid(BadInput):
    """The expiry date must be in the future and include a time zone. Choose a later date."""

    field = "expires_at"


class TokenNotFound(NotFound):
    """This token does not exist any more. Reload the page to see the current list."""


class TokensOnlyForBots(Conflict):
    """Only bots have tokens; people sign in. Add a bot and create the token for it."""


class TeamNotFound(NotFound):
    """This team does not exist any more. Reload the page to see the current list."""


class TeamUnknown(BadInput):
    """This team does not exist any more. Choose another one."""

    field = "team_id"


class TeamsUnknown(BadInput):
    """One of these teams does not exist any more. Reload the page and choose again."""

    field = "team_ids"


class TeamNameTaken(Conflict):
    """Another team already has this name. Choose a different one."""

    field = "name"


class TeamInUse(Conflict):
    """This team is still in use. Move its conversations and channels to another team first."""


class SessionNotFound(NotFound):
    """This session has already ended. Reload the page to see the current list."""


class PasswordLength(BadInput):
    """Choose a password of {least} to {most} characters."""

    field = "password"
    least: int
    most: int


class PasswordTooEasy(BadInput):
    """This password is too easy to guess. Choose a few unusual words."""

    field = "password"


class PasswordWrong(Conflict):
    """The current password is wrong. Try again, or ask for a new password on the sign-in page."""

    field = "current"


class PasswordChangedMeanwhile(Conflict):
    """Your password was changed a moment ago in another window. Reload the page and use the new one."""

    field = "current"


class CredentialsWrong(Unauthenticated):
    """The e-mail address or the password is wrong. Try again, or ask for a new password."""


class TooManyAttempts(TooMany):
    """Too many attempts. Try again in {retry_after}."""


class SignInBusy(TooMany):
    """Too many people are signing in at the moment. Try again in {retry_after}."""


class LinkUsed(NotFound):
    """This link was already used or has expired. Ask for a new one."""


class NotSignedIn(Unauthenticated):
    """You are not signed in. Sign in and try again."""


class SessionEnded(Unauthenticated):
    """Your session has ended. Sign in again."""


class TokenInvalid(Unauthenticated):
    """This token is unknown or has expired. Create a new one for the bot."""


class TwoCredentials(Unauthenticated):
    """The request carries both a sign-in cookie and a bot's token. Send only one of them."""


class RightMissing(Forbidden):
    """You need the permission {right} for this. Ask an administrator."""

    right: str


class PeopleOnly(Forbidden):
    """Only a person can do this, not a bot. Sign in with e-mail and password."""


class ForeignPage(Forbidden):
    """The request came from a page at another address than the hub's own.

    Open the hub at its own address, or have HUB_PUBLIC_URL set to the address that you use.
    """


class CsrfTokenWrong(Forbidden):
    """The X-CSRF-Token does not belong to this session. Reload the page and try again."""


class IdempotencyKeyInvalid(BadInput):
    """An Idempotency-Key has 1 to {most} characters. Send a shorter one, or none."""

    field = "Idempotency-Key"
    most: int


class IdempotencyKeyReused(BadInput):
    """This Idempotency-Key came with another request before. Make a new key for each new request."""

    field = "Idempotency-Key"


class AgentNameInvalid(CommandError):
    """An agent needs a name of printable characters."""

    field = "name"


class RoleUnknown(CommandError):
    """There is no role '{role}'. Choose one of {known}."""

    field = "role"
    role: str
    known: str


class TeamNameUnknown(CommandError):
    """There is no team '{name}'. Create it first, or check the spelling."""

    field = "team"
    name: str
