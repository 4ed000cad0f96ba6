"""Sign agents in by password or link. Attempts are committed before a password is checked outside transactions."""

from collections.abc import Sequence
from uuid import UUID

import structlog
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access import links, queries, sessions
from hub.access.actions import lock_agent
from hub.access.credentials import PasswordCheck, PasswordChecker, check_password
from hub.access.errors import CredentialsWrong, LinkUsed, PasswordChangedMeanwhile, PasswordWrong, TooManyAttempts
from hub.access.hooks import AccessHooks, StaffMail
from hub.access.limits import Limit, account_limits, count_attempt, public_limits, reset_limits, sign_in_limits
from hub.access.models import Agent, Attempt, Purpose
from hub.access.schemas import LinkUse
from hub.access.sessions import Browser, NewSession
from hub.events.definitions import AgentChanged
from hub.events.log import record
from hub.runtime.context import AppContext
from hub.storage.database import now

log = structlog.get_logger("hub.access")
PASSWORD_LINKS = {Purpose.INVITATION, Purpose.RESET}  # links for choosing a password


async def by_password(
    context: AppContext, passwords: PasswordChecker, email: str, password: str, browser: Browser
) -> NewSession:
    """Open a session by password; raises Unauthenticated (with the same text for every reason) or TooMany."""
    limits = sign_in_limits(email.strip().lower(), browser.address)
    await enforce_limits(context, limits)
    async with context.transaction() as session:
        agent = await queries.by_email(session, email)
    check = await passwords.verify(agent.password_hash if agent else None, password)
    if agent is None or not check.correct or agent.disabled_at is not None:
        raise CredentialsWrong
    async with context.transaction() as session:
        return await _open_session(session, context, agent, check, browser)


async def _open_session(
    session: AsyncSession, context: AppContext, known: Agent, check: PasswordCheck, browser: Browser
) -> NewSession:
    """Open a session unless the agent was disabled or its password changed while the password was checked."""
    agent = await lock_agent(session, known.id)
    if agent.disabled_at is not None or agent.password_hash != known.password_hash:
        raise CredentialsWrong
    if check.new_hash is not None:
        agent.password_hash = check.new_hash
    await reset_attempts(session, agent, browser)
    return await sessions.sign_in(session, agent, browser=browser, settings=context.settings, now=now())


async def by_link(context: AppContext, token: str, browser: Browser) -> NewSession:
    """Open a session by a single-use link; raises NotFound, TooMany."""
    await enforce_limits(context, public_limits(browser.address))
    async with context.transaction() as session:
        agent = await links.use(session, token, {Purpose.SIGN_IN}, now())
        return await sessions.sign_in(session, agent, browser=browser, settings=context.settings, now=now())


async def by_new_password(
    context: AppContext, passwords: PasswordChecker, link_use: LinkUse, browser: Browser
) -> NewSession:
    """Set a password by a link, end the agent's other sessions, and open one; raises NotFound, BadInput, TooMany."""
    await enforce_limits(context, public_limits(browser.address))
    async with context.transaction() as session:
        link, agent = await links.find(session, link_use.token, now())
    if link.purpose not in PASSWORD_LINKS:
        raise LinkUsed
    password = check_password(link_use.password, about=(link_use.name or agent.name, agent.email or ""))
    password_hash = await passwords.hash(password)
    async with context.transaction() as session:
        agent = await links.use(session, link_use.token, PASSWORD_LINKS, now())
        agent.name = link_use.name.strip() if link_use.name else agent.name
        await _replace_password(session, agent, password_hash, browser)
        record(session, AgentChanged(agent_id=agent.id))
        return await sessions.sign_in(session, agent, browser=browser, settings=context.settings, now=now())


async def change_password(
    context: AppContext,
    passwords: PasswordChecker,
    agent: Agent,
    current: str,
    new: str,
    *,
    browser: Browser,
    kept_id: UUID,
) -> None:
    """Change a password and end every session except `kept_id`.

    Raises Conflict if `current` is wrong or the password changed meanwhile, BadInput, TooMany.
    """
    await enforce_limits(context, sign_in_limits(agent.email or str(agent.id), browser.address))
    if agent.password_hash is not None and not (await passwords.verify(agent.password_hash, current)).correct:
        raise PasswordWrong
    password_hash = await passwords.hash(check_password(new, about=(agent.name, agent.email or "")))
    async with context.transaction() as session:
        row = await lock_agent(session, agent.id)
        if row.password_hash != agent.password_hash:
            raise PasswordChangedMeanwhile
        await _replace_password(session, row, password_hash, browser, kept_id=kept_id)


async def _replace_password(
    session: AsyncSession, agent: Agent, password_hash: str, browser: Browser, *, kept_id: UUID | None = None
) -> None:
    agent.password_hash = password_hash
    await links.invalidate(session, agent.id, now())
    await sessions.revoke_all(session, agent.id, now(), kept_id=kept_id)
    await reset_attempts(session, agent, browser)


async def inspect_link(context: AppContext, token: str, browser: Browser) -> tuple[Purpose, Agent]:
    """Return a link's purpose and its agent without using it up; raises NotFound, TooMany."""
    await enforce_limits(context, public_limits(browser.address))
    async with context.transaction() as session:
        link, agent = await links.find(session, token, now())
    return link.purpose, agent


async def ask_reset(context: AppContext, browser: Browser) -> None:
    """Count a request for a reset mail; raises TooMany. It does not look up the address."""
    await enforce_limits(context, public_limits(browser.address))


async def mail_reset(context: AppContext, hooks: AccessHooks, email: str) -> None:
    """Mail a reset link if an enabled person has this address; runs after the response was sent."""
    async with context.transaction() as session:
        if await count_attempt(session, reset_limits(email.strip().lower()), now()) is not None:
            return
    async with context.transaction() as session:
        agent = await queries.by_email(session, email)
        if agent is None or agent.disabled_at is not None or agent.email is None:
            return
        url = await links.create(session, agent.id, Purpose.RESET, settings=context.settings, now=now())
    mail = StaffMail(purpose=Purpose.RESET, email=agent.email, name=agent.name, language=agent.language, url=url)
    await send_mail(hooks, mail)


async def send_mail(hooks: AccessHooks, mail: StaffMail) -> None:
    """Send a mail to an agent; an error is only logged, since the response was sent long before."""
    try:
        await hooks.send_mail(mail)
    except Exception as error:
        log.warning("staff_mail.not_sent", purpose=mail.purpose, error=type(error).__name__)


async def reset_attempts(session: AsyncSession, agent: Agent, browser: Browser) -> None:
    """Delete the counters of an agent's failed attempts after it has authenticated."""
    subjects = [limit.subject for limit in account_limits(agent.email or "", browser.address)]
    await session.execute(delete(Attempt).where(Attempt.subject.in_(subjects)))


async def enforce_limits(context: AppContext, limits: Sequence[Limit]) -> None:
    """Count an attempt in a transaction of its own; raises TooMany if a limit is used up."""
    async with context.transaction() as session:
        wait = await count_attempt(session, limits, now())
    if wait is not None:
        raise TooManyAttempts(retry_after=wait)
