"""How conversations of the demo go: who asks what when, who answers, and where it stands now."""

import html
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from random import Random

from hub.demo.conversation import Tale
from hub.demo.phrases import Language, Topic, filled, gaps, language
from hub.demo.sample_files import FROM_AGENT, FROM_CUSTOMER, Sample
from hub.demo.types import Client, House, Rows, Worker
from hub.events.definitions import State
from hub.routing.capacity import CAPS

OPENS, CLOSES = 8, 20  # hours in which somebody answers, UTC
STALLS = ((1, 0.55), (3, 0.5), (7, 0.34), (20, 0.09))  # younger than so many days: how often it is not settled yet
STALLS_LATER = 0.001
FORMER = timedelta(days=7)
SATURDAY = 5
LATEST = timedelta(minutes=2)  # the last thing happened so long ago

Step = tuple[timedelta, Callable[[], None]]


def begins(chance: Random, now: datetime, count: int, days: int) -> list[datetime]:
    """Choose when conversations begin: more by day than by night, more of late; some in the last hours."""
    found = [now - timedelta(minutes=minutes) for minutes in (4, 9, 17, 26, 41, 58, 95, 140, 200)][:count]
    while len(found) < count:
        at = now - timedelta(days=days * (1 - max(chance.random(), chance.random() * 0.9)), minutes=5)
        by_day = OPENS - 1 <= at.hour < CLOSES + 2
        if chance.random() < (1.0 if by_day else 0.12) * (1.0 if at.weekday() < SATURDAY else 0.55):
            found.append(at)
    return sorted(found)


def tell(rows: Rows, house: House, client: Client, chance: Random, at: datetime) -> None:
    """Tell one conversation from its beginning to now."""
    _Story(rows, house, client, chance, at).tell()


class _Story:
    """One conversation's course."""

    def __init__(self, rows: Rows, house: House, client: Client, chance: Random, at: datetime) -> None:
        self.chance, self.house, self.client = chance, house, client
        self.spoken: Language = language(client.language)
        self.topic: Topic = chance.choice(self.spoken.topics)
        self.words = gaps(chance, client.language, client.name, self.topic.name)
        self.tale = Tale(rows, house, client, chance, at)
        chats = client.chat_point is not None and (client.mail_point is None or self._often(0.5))
        self.kind = "chat" if chats else "mail"
        self.worker = self._somebody()
        self.words["agent"] = "Aurora" if self.worker.owner else self.worker.first
        self.answer = ""

    def _somebody(self) -> Worker:
        recent = self.tale.at > self.house.now - FORMER
        able = [w for w in self.house.staff if self.topic.team in w.teams and self.client.language in w.languages]
        able = able or [w for w in self.house.staff if self.topic.team in w.teams]
        weights = [(1.2 if recent else 0.06) if w.owner else 1.0 for w in able]
        return self.chance.choices(able, weights)[0]

    def tell(self) -> None:
        """Take step after step until now, or until where it stalls."""
        self._ask()
        steps = list(self._steps())
        last = self._stops_after(len(steps))
        for number, (wait, act) in enumerate(steps):
            at = self.tale.at + wait
            if number >= last or at > self.house.now - LATEST:
                break
            self.tale.at = at
            act()
            if self.tale.row["state"] == State.SNOOZED:
                break
        self.tale.ended()

    def _stops_after(self, steps: int) -> int:
        age = self.house.now - self.tale.at
        stalls = next((odds for days, odds in STALLS if age < timedelta(days=days)), STALLS_LATER)
        if not self._often(stalls):
            return steps
        return 0 if self._often(0.4) else self.chance.randrange(1, steps)

    def _steps(self) -> Iterator[Step]:
        chat = self.kind == "chat"
        if not chat and self._often(0.07):
            yield timedelta(hours=self.chance.uniform(20, 40)), self._nudge
        yield self._until_answered(), self._give
        yield self._soon(), self._answer
        if self._often(0.12):
            yield self._soon(), self._note
        if self._often(0.75 if chat else 0.5):
            yield self._customer(), self._more
            yield self._soon() if chat else self._until_answered(), self._answer_again
        if self._often(0.1):
            yield self._soon(), self._sleep
        if self._often(0.55):
            yield self._customer(), self._thank
        yield self._until_settled(), self._settle
        if self._often(0.05):
            yield timedelta(hours=self.chance.uniform(5, 60)), self._nudge
            yield self._until_answered(), self._answer_again
            yield self._soon(), self._settle

    def _until_answered(self) -> timedelta:
        low, high = (15, 200) if self.kind == "chat" else (1_000, 25_000)
        wait = timedelta(seconds=self.chance.uniform(low, high))
        return wait + self._night(self.tale.at + wait)

    def _night(self, at: datetime) -> timedelta:
        """Until somebody is there: by night nobody answers."""
        if OPENS <= at.hour < CLOSES:
            return timedelta()
        morning = at.replace(hour=OPENS, minute=0) + timedelta(days=at.hour >= CLOSES)
        return morning + timedelta(minutes=self.chance.uniform(2, 90)) - at

    def _soon(self) -> timedelta:
        return timedelta(seconds=self.chance.uniform(20, 150) if self.kind == "chat" else self.chance.uniform(60, 900))

    def _customer(self) -> timedelta:
        low, high = (20, 240) if self.kind == "chat" else (1_800, 108_000)
        return timedelta(seconds=self.chance.uniform(low, high))

    def _until_settled(self) -> timedelta:
        return timedelta(minutes=self.chance.uniform(1, 10) if self.kind == "chat" else self.chance.uniform(5, 600))

    def _ask(self) -> None:
        mail = self.kind == "mail"
        subject = self._phrase(self.topic.phrases["subject"]) if mail else None
        self.tale.opened(self.topic.team, self.kind, subject)
        text = self._phrase(self.topic.phrases["ask" if mail else "chat"])
        if mail and self._often(0.25):
            text += "\n\n" + self._common("also")
        files = FROM_CUSTOMER.get(self.topic.name, ())
        file = self.chance.choice(files) if files and self._often(0.6) else None
        letter = self._letter(text) if mail else text
        self.tale.heard(self.kind, letter, html=self._marked_up(letter) if mail else None, file=file)

    def _letter(self, text: str) -> str:
        return f"{self._common('greeting')}\n\n{text}\n\n{self._common('closing')}"

    def _marked_up(self, text: str) -> str | None:
        if self._often(0.7):
            return None
        parts = "".join(f"<p>{html.escape(part)}</p>" for part in text.split("\n\n"))
        return f'<div style="font-family: Georgia, serif; color: #333333">{parts}</div>'

    def _give(self) -> None:
        used = self.house.hands.get((self.worker.id, self.tale.work_class), 0)
        cap = CAPS[self.tale.work_class]
        room = max(1, cap - used)
        reasons = (f"member_of:{self.topic.team}", f"room:{room}/{cap}", f"least_loaded:{cap - room}/{cap}")
        self.tale.given(self.worker, reasons)
        if self._often(0.75):
            chosen = self.topic.tags if self._often(0.4) else self.topic.tags[:1]
            self.tale.tagged((*chosen, "VIP") if self._often(0.04) else chosen, self.worker.id)

    def _answer(self) -> None:
        self._reply(self._phrase(self.topic.phrases["answer"]), FROM_AGENT.get(self.topic.name, ()))

    def _answer_again(self) -> None:
        self._reply(self._phrase(self.topic.phrases["answer2"]), ())

    def _reply(self, text: str, files: Sequence[Sample]) -> None:
        mail = self.kind == "mail"
        hellos = self.spoken.common["hello"]
        hello = self._phrase([one for one in hellos if not self.worker.owner or "{agent}" not in one])
        self.answer = f"{hello}\n\n{text}\n\n{self._common('bye')}" if mail else text
        self.tale.answered(self.worker, self.kind, self.answer, file=next(iter(files), None))

    def _more(self) -> None:
        if self.kind == "mail" and self.client.chat_point is not None and self._often(0.3):
            self.kind = "chat"  # goes on in the chat, in the same conversation
        self._follow(self._phrase(self.topic.phrases["more"]))

    def _thank(self) -> None:
        if self.kind == "mail" and self._often(0.06):
            self.tale.heard("mail", self._common("bot"), automatic=True)
        else:
            self._follow(self._common("thanks"))

    def _nudge(self) -> None:
        self._follow(self._common("nudge"))

    def _follow(self, text: str) -> None:
        if self.kind == "chat":
            self.tale.heard("chat", text)
            return
        text = f"{text}\n\n{self.words['first']}"
        self.tale.heard("mail", text, full=self._quoting(text) if self.answer else None)

    def _quoting(self, text: str) -> str:
        quoted = "\n".join(f"> {line}".rstrip() for line in self.answer.splitlines())
        when = f"{self.tale.at:%d/%m/%Y}"
        said = f"El {when}, Aurora escribió:" if self.client.language == "es" else f"On {when}, Aurora wrote:"
        return f"{text}\n\n{said}\n{quoted}\n"

    def _note(self) -> None:
        mates = [one for one in self.house.staff if one.id != self.worker.id and self.topic.team in one.teams]
        mate = self.chance.choice(mates)
        self.words["mate"] = mate.name
        phrase = self.chance.choice(self.spoken.common["note"])
        self.tale.noted(self.worker, filled(phrase, self.words), mate if "{mate}" in phrase else None)

    def _sleep(self) -> None:
        """Wait for something: until a later day that has come, or not yet."""
        until = (self.tale.at + timedelta(days=self.chance.randrange(2, 7))).replace(hour=OPENS, minute=0, second=0)
        if until > self.house.now + timedelta(hours=1):
            self.tale.snoozed(until, self.worker.id)

    def _settle(self) -> None:
        wrap_up = self.topic.wrap_up if self._often(0.85) else None
        self.tale.resolved(wrap_up, self.worker.id)

    def _often(self, odds: float) -> bool:
        return self.chance.random() < odds

    def _common(self, kind: str) -> str:
        return self._phrase(self.spoken.common[kind])

    def _phrase(self, phrases: list[str]) -> str:
        return filled(self.chance.choice(phrases), self.words)
