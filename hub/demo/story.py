"""The course of the demo's conversations: questions, times, the agents who answer, and how far each has come."""

import html
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from random import Random

from hub.demo.conversation import DemoConversation
from hub.demo.phrases import Language, Topic, filled, gaps, language
from hub.demo.sample_files import FROM_AGENT, FROM_CUSTOMER, Sample
from hub.demo.types import Batch, ChannelKind, DemoAgent, DemoContact, Shop
from hub.events.definitions import State
from hub.routing.capacity import CAPS

OPENS, CLOSES = 8, 20  # hours in which agents answer, UTC
STALLS = ((1, 0.55), (3, 0.5), (7, 0.34), (20, 0.09))  # younger than so many days: how many are not resolved yet
STALLS_LATER = 0.001
FORMER = timedelta(days=7)
SATURDAY = 5
LATEST = timedelta(minutes=2)  # the last step is at least so long ago

Step = tuple[timedelta, Callable[[], None]]


def begins(chance: Random, now: datetime, count: int, days: int) -> list[datetime]:
    """Choose when conversations begin, sorted: more by day than by night, more lately; some in the last hours."""
    found = [now - timedelta(minutes=minutes) for minutes in (4, 9, 17, 26, 41, 58, 95, 140, 200)][:count]
    while len(found) < count:
        at = now - timedelta(days=days * (1 - max(chance.random(), chance.random() * 0.9)), minutes=5)
        by_day = OPENS - 1 <= at.hour < CLOSES + 2
        if chance.random() < (1.0 if by_day else 0.12) * (1.0 if at.weekday() < SATURDAY else 0.55):
            found.append(at)
    return sorted(found)


def simulate(batch: Batch, shop: Shop, contact: DemoContact, chance: Random, at: datetime) -> None:
    """Carry out one conversation from its beginning to now."""
    _Story(batch, shop, contact, chance, at).run()


class _Story:
    """One conversation's course."""

    def __init__(self, batch: Batch, shop: Shop, contact: DemoContact, chance: Random, at: datetime) -> None:
        self.chance, self.shop, self.contact = chance, shop, contact
        self.spoken: Language = language(contact.language)
        self.topic: Topic = chance.choice(self.spoken.topics)
        self.words = gaps(chance, contact.language, contact.name, self.topic.name)
        self.conversation = DemoConversation(batch, shop, contact, chance, at, self.topic.team)
        chats = "webchat" in contact.addresses and ("email" not in contact.addresses or self._often(0.5))
        self.kind: ChannelKind = "webchat" if chats else "email"
        self.agent = self._choose_agent()
        self.words["agent"] = "Aurora" if self.agent.owner else self.agent.first
        self.answer = ""

    def _choose_agent(self) -> DemoAgent:
        recent = self.conversation.at > self.shop.now - FORMER
        members = [one for one in self.shop.agents if self.topic.team in one.teams]
        able = [one for one in members if self.contact.language in one.languages] or members
        weights = [(1.2 if recent else 0.06) if one.owner else 1.0 for one in able]
        return self.chance.choices(able, weights)[0]

    def run(self) -> None:
        """Take one step after the other until now, or until the conversation stalls or is snoozed."""
        self._ask()
        steps = list(self._steps())
        last = self._stops_after(len(steps))
        for number, (wait, act) in enumerate(steps):
            at = self.conversation.at + wait
            if number >= last or at > self.shop.now - LATEST:
                break
            self.conversation.at = at
            act()
            if self.conversation.state.state is State.SNOOZED:
                break
        self.conversation.end()

    def _stops_after(self, steps: int) -> int:
        age = self.shop.now - self.conversation.at
        stalls = next((odds for days, odds in STALLS if age < timedelta(days=days)), STALLS_LATER)
        if not self._often(stalls):
            return steps
        return 0 if self._often(0.4) else self.chance.randrange(1, steps)

    def _steps(self) -> Iterator[Step]:
        chat = self.kind == "webchat"
        if not chat and self._often(0.07):
            yield timedelta(hours=self.chance.uniform(20, 40)), self._nudge
        yield self._until_answered(), self._assign
        yield self._soon(), self._answer
        if self._often(0.12):
            yield self._soon(), self._note
        if self._often(0.75 if chat else 0.5):
            yield self._customer(), self._more
            yield self._soon() if chat else self._until_answered(), self._answer_again
        if self._often(0.1):
            yield self._soon(), self._snooze
        if self._often(0.55):
            yield self._customer(), self._thank
        yield self._until_resolved(), self._resolve
        if self._often(0.05):
            yield timedelta(hours=self.chance.uniform(5, 60)), self._nudge
            yield self._until_answered(), self._answer_again
            yield self._soon(), self._resolve

    def _until_answered(self) -> timedelta:
        low, high = (15, 200) if self.kind == "webchat" else (1_000, 25_000)
        wait = timedelta(seconds=self.chance.uniform(low, high))
        return wait + self._night(self.conversation.at + wait)

    def _night(self, at: datetime) -> timedelta:
        """Return the time until an agent is there: by night nobody answers."""
        if OPENS <= at.hour < CLOSES:
            return timedelta()
        morning = at.replace(hour=OPENS, minute=0) + timedelta(days=at.hour >= CLOSES)
        return morning + timedelta(minutes=self.chance.uniform(2, 90)) - at

    def _soon(self) -> timedelta:
        low, high = (20, 150) if self.kind == "webchat" else (60, 900)
        return timedelta(seconds=self.chance.uniform(low, high))

    def _customer(self) -> timedelta:
        low, high = (20, 240) if self.kind == "webchat" else (1_800, 108_000)
        return timedelta(seconds=self.chance.uniform(low, high))

    def _until_resolved(self) -> timedelta:
        return timedelta(minutes=self.chance.uniform(1, 10) if self.kind == "webchat" else self.chance.uniform(5, 600))

    def _ask(self) -> None:
        mail = self.kind == "email"
        subject = self._phrase(self.topic.phrases["subject"]) if mail else None
        text = self._phrase(self.topic.phrases["ask" if mail else "chat"])
        if mail and self._often(0.25):
            text += "\n\n" + self._common("also")
        files = FROM_CUSTOMER.get(self.topic.name, ())
        file = self.chance.choice(files) if files and self._often(0.6) else None
        body = self._mail(text) if mail else text
        markup = self._marked_up(body) if mail else None
        self.conversation.receive(self.kind, body, subject=subject, html=markup, file=file)

    def _mail(self, text: str) -> str:
        return f"{self._common('greeting')}\n\n{text}\n\n{self._common('closing')}"

    def _marked_up(self, text: str) -> str | None:
        if self._often(0.7):
            return None
        parts = "".join(f"<p>{html.escape(part)}</p>" for part in text.split("\n\n"))
        return f'<div style="font-family: Georgia, serif; color: #333333">{parts}</div>'

    def _assign(self) -> None:
        work_class = self.conversation.work_class
        used, cap = self.shop.usage[self.agent.id, work_class], CAPS[work_class]
        room = max(1, cap - used)
        reasons = (f"member_of:{self.topic.team}", f"room:{room}/{cap}", f"least_loaded:{cap - room}/{cap}")
        self.conversation.assign(self.agent, reasons)
        if self._often(0.75):
            chosen = self.topic.tags if self._often(0.4) else self.topic.tags[:1]
            self.conversation.tag((*chosen, "VIP") if self._often(0.04) else chosen, self.agent.id)

    def _answer(self) -> None:
        self._reply(self._phrase(self.topic.phrases["answer"]), FROM_AGENT.get(self.topic.name, ()))

    def _answer_again(self) -> None:
        self._reply(self._phrase(self.topic.phrases["answer2"]), ())

    def _reply(self, text: str, files: Sequence[Sample]) -> None:
        mail = self.kind == "email"
        hellos = self.spoken.common["hello"]
        hello = self._phrase([one for one in hellos if not self.agent.owner or "{agent}" not in one])
        self.answer = f"{hello}\n\n{text}\n\n{self._common('bye')}" if mail else text
        self.conversation.answer(self.agent, self.kind, self.answer, file=next(iter(files), None))

    def _more(self) -> None:
        if self.kind == "email" and "webchat" in self.contact.addresses and self._often(0.3):
            self.kind = "webchat"  # in the same conversation
        self._follow(self._phrase(self.topic.phrases["more"]))

    def _thank(self) -> None:
        if self.kind == "email" and self._often(0.06):
            self.conversation.receive("email", self._common("bot"), automatic=True)
        else:
            self._follow(self._common("thanks"))

    def _nudge(self) -> None:
        self._follow(self._common("nudge"))

    def _follow(self, text: str) -> None:
        if self.kind == "webchat":
            self.conversation.receive("webchat", text)
            return
        text = f"{text}\n\n{self.words['first']}"
        self.conversation.receive("email", text, full=self._quoting(text) if self.answer else None)

    def _quoting(self, text: str) -> str:
        quoted = "\n".join(f"> {line}".rstrip() for line in self.answer.splitlines())
        when = f"{self.conversation.at:%d/%m/%Y}"
        said = f"El {when}, Aurora escribió:" if self.contact.language == "es" else f"On {when}, Aurora wrote:"
        return f"{text}\n\n{said}\n{quoted}\n"

    def _note(self) -> None:
        mates = [one for one in self.shop.agents if one.id != self.agent.id and self.topic.team in one.teams]
        mate = self.chance.choice(mates)
        self.words["mate"] = mate.name
        phrase = self.chance.choice(self.spoken.common["note"])
        self.conversation.note(self.agent, filled(phrase, self.words), mate if "{mate}" in phrase else None)

    def _snooze(self) -> None:
        """Snooze until the morning of a later day, unless that is in the past."""
        day = self.conversation.at + timedelta(days=self.chance.randrange(2, 7))
        until = day.replace(hour=OPENS, minute=0, second=0)
        if until > self.shop.now + timedelta(hours=1):
            self.conversation.snooze(until, self.agent.id)

    def _resolve(self) -> None:
        wrap_up = self.topic.wrap_up if self._often(0.85) else None
        self.conversation.resolve(wrap_up, self.agent.id)

    def _often(self, odds: float) -> bool:
        return self.chance.random() < odds

    def _common(self, kind: str) -> str:
        return self._phrase(self.spoken.common[kind])

    def _phrase(self, phrases: list[str]) -> str:
        return filled(self.chance.choice(phrases), self.words)
