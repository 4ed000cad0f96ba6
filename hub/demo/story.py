"""Generates the demo's conversations: questions, times, the agents who reply, and the state each has reached."""

import html
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from random import Random

from hub.demo.conversation import DemoConversation
from hub.demo.phrases import Language, Topic, fill_in, language, placeholder_values
from hub.demo.sample_files import FROM_AGENT, FROM_CUSTOMER, Sample
from hub.demo.types import Batch, ChannelKind, DemoAgent, DemoContact, Shop
from hub.events.definitions import State
from hub.routing.capacity import CAPS

OPENING_HOUR, CLOSING_HOUR = 8, 20  # hours in which agents answer, UTC
STALL_ODDS = ((1, 0.55), (3, 0.5), (7, 0.34), (20, 0.09))  # (maximum age in days, fraction not resolved yet)
LATER_STALL_ODDS = 0.001
OWNER_ANSWERS_WITHIN = timedelta(days=7)
SATURDAY = 5
MIN_AGE = timedelta(minutes=2)  # of the last step

Step = tuple[timedelta, Callable[[], None]]


def start_times(rng: Random, now: datetime, count: int, days: int) -> list[datetime]:
    """Choose the start times of conversations, sorted: more by day, more of late, some in the last hours."""
    found = [now - timedelta(minutes=minutes) for minutes in (4, 9, 17, 26, 41, 58, 95, 140, 200)][:count]
    while len(found) < count:
        at = now - timedelta(days=days * (1 - max(rng.random(), rng.random() * 0.9)), minutes=5)
        by_day = OPENING_HOUR - 1 <= at.hour < CLOSING_HOUR + 2
        if rng.random() < (1.0 if by_day else 0.12) * (1.0 if at.weekday() < SATURDAY else 0.55):
            found.append(at)
    return sorted(found)


def simulate(batch: Batch, shop: Shop, contact: DemoContact, rng: Random, at: datetime) -> None:
    """Simulate one conversation from its beginning to now, and add its rows to the batch."""
    _Story(batch, shop, contact, rng, at).run()


class _Story:
    """One conversation's course."""

    def __init__(self, batch: Batch, shop: Shop, contact: DemoContact, rng: Random, at: datetime) -> None:
        self.rng, self.shop, self.contact = rng, shop, contact
        self.phrase_book: Language = language(contact.language)
        self.topic: Topic = rng.choice(self.phrase_book.topics)
        self.words = placeholder_values(rng, contact.language, contact.name, self.topic.name)
        self.conversation = DemoConversation(batch, shop, contact, rng, at, self.topic.team)
        chats = "webchat" in contact.addresses and ("email" not in contact.addresses or self._happens(0.5))
        self.kind: ChannelKind = "webchat" if chats else "email"
        self.agent = self._choose_agent()
        self.words["agent"] = "Aurora" if self.agent.owner else self.agent.first
        self.answer = ""

    def _choose_agent(self) -> DemoAgent:
        recent = self.conversation.at > self.shop.now - OWNER_ANSWERS_WITHIN
        members = [agent for agent in self.shop.agents if self.topic.team in agent.teams]
        speakers = [agent for agent in members if self.contact.language in agent.languages] or members
        weights = [(1.2 if recent else 0.06) if agent.owner else 1.0 for agent in speakers]
        return self.rng.choices(speakers, weights)[0]

    def run(self) -> None:
        """Run one step after the other until now, or until the conversation stalls or is snoozed."""
        self._ask()
        steps = list(self._steps())
        step_count = self._choose_step_count(len(steps))
        for number, (wait, act) in enumerate(steps):
            at = self.conversation.at + wait
            if number >= step_count or at > self.shop.now - MIN_AGE:
                break
            self.conversation.at = at
            act()
            if self.conversation.state.state is State.SNOOZED:
                break
        self.conversation.end()

    def _choose_step_count(self, steps: int) -> int:
        age = self.shop.now - self.conversation.at
        stall_odds = next((odds for days, odds in STALL_ODDS if age < timedelta(days=days)), LATER_STALL_ODDS)
        if not self._happens(stall_odds):
            return steps
        return 0 if self._happens(0.4) else self.rng.randrange(1, steps)

    def _steps(self) -> Iterator[Step]:
        chat = self.kind == "webchat"
        if not chat and self._happens(0.07):
            yield timedelta(hours=self.rng.uniform(20, 40)), self._nudge
        yield self._answer_delay(), self._assign
        yield self._agent_delay(), self._answer
        if self._happens(0.12):
            yield self._agent_delay(), self._note
        if self._happens(0.75 if chat else 0.5):
            yield self._customer_delay(), self._ask_more
            yield self._agent_delay() if chat else self._answer_delay(), self._answer_again
        if self._happens(0.1):
            yield self._agent_delay(), self._snooze
        if self._happens(0.55):
            yield self._customer_delay(), self._thank
        yield self._resolve_delay(), self._resolve
        if self._happens(0.05):
            yield timedelta(hours=self.rng.uniform(5, 60)), self._nudge
            yield self._answer_delay(), self._answer_again
            yield self._agent_delay(), self._resolve

    def _answer_delay(self) -> timedelta:
        low, high = (15, 200) if self.kind == "webchat" else (1_000, 25_000)
        wait = timedelta(seconds=self.rng.uniform(low, high))
        return wait + self._until_opening(self.conversation.at + wait)

    def _until_opening(self, at: datetime) -> timedelta:
        """Return the time from `at` until an agent is at work, zero in opening hours."""
        if OPENING_HOUR <= at.hour < CLOSING_HOUR:
            return timedelta()
        morning = at.replace(hour=OPENING_HOUR, minute=0) + timedelta(days=at.hour >= CLOSING_HOUR)
        return morning + timedelta(minutes=self.rng.uniform(2, 90)) - at

    def _agent_delay(self) -> timedelta:
        low, high = (20, 150) if self.kind == "webchat" else (60, 900)
        return timedelta(seconds=self.rng.uniform(low, high))

    def _customer_delay(self) -> timedelta:
        low, high = (20, 240) if self.kind == "webchat" else (1_800, 108_000)
        return timedelta(seconds=self.rng.uniform(low, high))

    def _resolve_delay(self) -> timedelta:
        return timedelta(minutes=self.rng.uniform(1, 10) if self.kind == "webchat" else self.rng.uniform(5, 600))

    def _ask(self) -> None:
        mail = self.kind == "email"
        subject = self._phrase(self.topic.phrases["subject"]) if mail else None
        text = self._phrase(self.topic.phrases["ask" if mail else "chat"])
        if mail and self._happens(0.25):
            text += "\n\n" + self._common("also")
        files = FROM_CUSTOMER.get(self.topic.name, ())
        file = self.rng.choice(files) if files and self._happens(0.6) else None
        body = self._mail(text) if mail else text
        markup = self._as_html(body) if mail else None
        self.conversation.receive(self.kind, body, subject=subject, html=markup, file=file)

    def _mail(self, text: str) -> str:
        return f"{self._common('greeting')}\n\n{text}\n\n{self._common('closing')}"

    def _as_html(self, text: str) -> str | None:
        if self._happens(0.7):
            return None
        parts = "".join(f"<p>{html.escape(part)}</p>" for part in text.split("\n\n"))
        return f'<div style="font-family: Georgia, serif; color: #333333">{parts}</div>'

    def _assign(self) -> None:
        work_class = self.conversation.work_class
        used, cap = self.shop.usage[self.agent.id, work_class], CAPS[work_class]
        room = max(1, cap - used)
        reasons = (f"member_of:{self.topic.team}", f"room:{room}/{cap}", f"least_loaded:{cap - room}/{cap}")
        self.conversation.assign(self.agent, reasons)
        if self._happens(0.75):
            chosen = self.topic.tags if self._happens(0.4) else self.topic.tags[:1]
            self.conversation.tag((*chosen, "VIP") if self._happens(0.04) else chosen, self.agent.id)

    def _answer(self) -> None:
        self._reply(self._phrase(self.topic.phrases["answer"]), FROM_AGENT.get(self.topic.name, ()))

    def _answer_again(self) -> None:
        self._reply(self._phrase(self.topic.phrases["answer2"]), ())

    def _reply(self, text: str, files: Sequence[Sample]) -> None:
        mail = self.kind == "email"
        greetings = self.phrase_book.common["hello"]
        greeting = self._phrase([phrase for phrase in greetings if not self.agent.owner or "{agent}" not in phrase])
        self.answer = f"{greeting}\n\n{text}\n\n{self._common('bye')}" if mail else text
        self.conversation.answer(self.agent, self.kind, self.answer, file=next(iter(files), None))

    def _ask_more(self) -> None:
        if self.kind == "email" and "webchat" in self.contact.addresses and self._happens(0.3):
            self.kind = "webchat"  # in the same conversation
        self._write_again(self._phrase(self.topic.phrases["more"]))

    def _thank(self) -> None:
        if self.kind == "email" and self._happens(0.06):
            self.conversation.receive("email", self._common("bot"), automatic=True)
        else:
            self._write_again(self._common("thanks"))

    def _nudge(self) -> None:
        self._write_again(self._common("nudge"))

    def _write_again(self, text: str) -> None:
        if self.kind == "webchat":
            self.conversation.receive("webchat", text)
            return
        text = f"{text}\n\n{self.words['first']}"
        self.conversation.receive("email", text, full=self._with_quote(text) if self.answer else None)

    def _with_quote(self, text: str) -> str:
        quoted = "\n".join(f"> {line}".rstrip() for line in self.answer.splitlines())
        date = f"{self.conversation.at:%d/%m/%Y}"
        intro = f"El {date}, Aurora escribió:" if self.contact.language == "es" else f"On {date}, Aurora wrote:"
        return f"{text}\n\n{intro}\n{quoted}\n"

    def _note(self) -> None:
        colleagues = [
            agent for agent in self.shop.agents if agent.id != self.agent.id and self.topic.team in agent.teams
        ]
        colleague = self.rng.choice(colleagues)
        self.words["mate"] = colleague.name
        phrase = self.rng.choice(self.phrase_book.common["note"])
        self.conversation.note(self.agent, fill_in(phrase, self.words), colleague if "{mate}" in phrase else None)

    def _snooze(self) -> None:
        """Snooze until the morning of a later day, unless that is in the past."""
        day = self.conversation.at + timedelta(days=self.rng.randrange(2, 7))
        until = day.replace(hour=OPENING_HOUR, minute=0, second=0)
        if until > self.shop.now + timedelta(hours=1):
            self.conversation.snooze(until, self.agent.id)

    def _resolve(self) -> None:
        wrap_up = self.topic.wrap_up if self._happens(0.85) else None
        self.conversation.resolve(wrap_up, self.agent.id)

    def _happens(self, odds: float) -> bool:
        return self.rng.random() < odds

    def _common(self, kind: str) -> str:
        return self._phrase(self.phrase_book.common[kind])

    def _phrase(self, phrases: list[str]) -> str:
        return fill_in(self.rng.choice(phrases), self.words)
