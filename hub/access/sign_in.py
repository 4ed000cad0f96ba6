"""How somebody gets in: by password or by link, with the limits before the proof and no transaction around it."""

from collections.abc import Sequence
from uuid import UUID

import structlog
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access import links, queries, sessions
from hub.access.actions import locked
from hub.access.changes import Changes, Letter
from hub.access.credentials import SharedProofs, Verdict, check_password
from hub.access.errors import CredentialsWrong, LinkUsed, PasswordChangedMeanwhile, PasswordWrong, TooManyAttempts
from hub.access.limits import Limit, account_limits, ask_limits, count, reset_limits, sign_in_limits
from hub.access.models import Agent, Attempt, Purpose
from hub.access.schemas import LinkUse
from hub.access.sessions import Browser, Opened
from hub.runtime.context import AppContext
from hub.storage.database import now

log = structlog.get_logger("hub.access")
CHOSEN = {Purpose.INVITATION, Purpose.RESET}  # the links by which a password is chosen


async def by_password(context: AppContext, email: str, password: str, browser: Browser) -> Opened:
    """Sign in by password; raises Unauthenticated (the same for every reason) or TooMany."""
    limits = sign_in_limits(email.strip().lower(), browser.address)
    await spend(context, limits)
    async with context.transaction() as session:
        known = await queries.by_email(session, email)
    verdict = await context.one(SharedProofs).verify(known.password_hash if known else None, password)
    if known is None or not verdict.right or known.disabled_at is not None:
        raise CredentialsWrong
    async with context.transaction() as session:
        return await _let_in(session, context, known, verdict, browser)


async def _let_in(
    session: AsyncSession, context: AppContext, known: Agent, verdict: Verdict, browser: Browser
) -> Opened:
    agent = await locked(session, known.id)
    if agent.disabled_at is not None or agent.password_hash != known.password_hash:
        raise CredentialsWrong
    if verdict.better is not None:
        agent.password_hash = verdict.better
    await forgive(session, agent, browser)
    return await sessions.sign_in(session, agent, browser=browser, settings=context.settings, now=now())


async def by_link(context: AppContext, token: str, browser: Browser) -> Opened:
    """Sign in by a link that works once; raises NotFound."""
    await spend(context, ask_limits(browser.address))
    async with context.transaction() as session:
        agent = await links.use(session, token, {Purpose.SIGN_IN}, now())
        return await sessions.sign_in(session, agent, browser=browser, settings=context.settings, now=now())


async def by_new_password(context: AppContext, use: LinkUse, browser: Browser) -> tuple[Opened, UUID]:
    """Choose a password by link, end every other session, and sign in; raises NotFound, BadInput."""
    await spend(context, ask_limits(browser.address))
    async with context.transaction() as session:
        link, agent = await links.look(session, use.token, now())
    if link.purpose not in CHOSEN:
        raise LinkUsed
    plain = check_password(use.password, about=(use.name or agent.name, agent.email or ""))
    kept = await context.one(SharedProofs).hash(plain)
    async with context.transaction() as session:
        agent = await links.use(session, use.token, CHOSEN, now())
        agent.name = use.name.strip() if use.name else agent.name
        await _replace_password(session, agent, kept, browser)
        opened = await sessions.sign_in(session, agent, browser=browser, settings=context.settings, now=now())
    return opened, agent.id


async def change_password(
    context: AppContext, agent: Agent, current: str, new: str, *, browser: Browser, keep: UUID
) -> None:
    """Change a password by the one that holds; every session but `keep` ends. Raises Conflict, BadInput, TooMany."""
    await spend(context, sign_in_limits(agent.email or str(agent.id), browser.address))
    proofs = context.one(SharedProofs)
    if agent.password_hash is not None and not (await proofs.verify(agent.password_hash, current)).right:
        raise PasswordWrong
    kept = await proofs.hash(check_password(new, about=(agent.name, agent.email or "")))
    async with context.transaction() as session:
        row = await locked(session, agent.id)
        if row.password_hash != agent.password_hash:
            raise PasswordChangedMeanwhile
        await _replace_password(session, row, kept, browser, keep=keep)


async def _replace_password(
    session: AsyncSession, agent: Agent, kept: str, browser: Browser, *, keep: UUID | None = None
) -> None:
    agent.password_hash = kept
    await links.void(session, agent.id, now())
    await sessions.revoke_all(session, agent.id, now(), but=keep)
    await forgive(session, agent, browser)


async def look(context: AppContext, token: str, browser: Browser) -> tuple[Purpose, Agent]:
    """Tell what a link is for and whose it is; raises NotFound."""
    await spend(context, ask_limits(browser.address))
    async with context.transaction() as session:
        link, agent = await links.look(session, token, now())
    return link.purpose, agent


async def ask_reset(context: AppContext, browser: Browser) -> None:
    """Let a forgotten password be asked for; the answer says nothing about the address."""
    await spend(context, ask_limits(browser.address))


async def mail_reset(context: AppContext, changes: Changes, email: str) -> None:
    """Mail a link for a new password, where there is somebody to mail it to; runs after the answer has gone."""
    async with context.transaction() as session:
        if await count(session, reset_limits(email.strip().lower()), now()) is not None:
            return
    async with context.transaction() as session:
        agent = await queries.by_email(session, email)
        if agent is None or agent.disabled_at is not None or agent.email is None:
            return
        url = await links.make(session, agent.id, Purpose.RESET, settings=context.settings, now=now())
    letter = Letter(purpose=Purpose.RESET, email=agent.email, name=agent.name, language=agent.language, url=url)
    await send(changes, letter)


async def send(changes: Changes, letter: Letter) -> None:
    """Mail a link; a mail that cannot leave is told in the log, for the answer has gone long ago."""
    try:
        await changes.letter(letter)
    except Exception as error:
        log.warning("letter_not_sent", purpose=letter.purpose, error=type(error).__name__)


async def forgive(session: AsyncSession, agent: Agent, browser: Browser) -> None:
    """Start counting afresh after somebody has proved who they are."""
    subjects = [limit.subject for limit in account_limits(agent.email or "", browser.address)]
    await session.execute(delete(Attempt).where(Attempt.subject.in_(subjects)))


async def spend(context: AppContext, limits: Sequence[Limit]) -> None:
    """Count one try, whatever becomes of it; raises TooMany when it is one too many."""
    async with context.transaction() as session:
        wait = await count(session, limits, now())
    if wait is not None:
        raise TooManyAttempts(retry_after=wait)
