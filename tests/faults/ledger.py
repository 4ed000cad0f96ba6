"""The history of a campaign: which messages were submitted, which were acknowledged, and which are uncertain."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tests.faults.installation import Installation


@dataclass
class Ledger:
    """The messages that were submitted, by their number."""

    invoked: Counter[str] = field(default_factory=Counter)
    acknowledged: set[str] = field(default_factory=set)
    unknown: Counter[str] = field(default_factory=Counter)

    def judge(self, found: Mapping[str, int]) -> dict[str, list[str]]:
        """Compare with the messages found: return the lost, the doubled, and those that were never submitted."""
        return {
            "lost": sorted(self.acknowledged - found.keys()),
            "doubled": sorted(number for number, times in found.items() if times > 1),
            "unexpected": sorted(found.keys() - self.invoked.keys()),
        }

    def figures(self) -> dict[str, int]:
        return {
            "invoked": len(self.invoked),
            "tries": self.invoked.total(),
            "acknowledged": len(self.acknowledged),
            "unknown_tries": self.unknown.total(),
        }


def in_order(numbers: Iterable[str]) -> bool:
    """Return whether numbers like "ann-003" ascend."""
    listed = list(numbers)
    return listed == sorted(listed)


def disordered(streams: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Return neighbours of one stream whose numbers do not ascend."""
    return [pair for numbers in streams.values() for pair in pairwise(numbers) if not in_order(pair)]


async def check_invariants(installation: Installation) -> None:
    """Assert that the database breaks none of the rules that hold after any campaign."""
    broken = {
        name: await installation.count(f"select count(*) from ({question}) found")
        for name, question in VIOLATIONS.items()
    }
    assert not any(broken.values()), {name: times for name, times in broken.items() if times}


VIOLATIONS = {
    "a message without its line in the log": (
        "select 1 from message m where direction = 'inbound' and not exists (select from entry e"
        " where e.conversation_id = m.conversation_id and e.event->>'message_id' = m.id::text"
        " and e.event->>'type' = 'message_received')"
    ),
    "a message that was received twice": (
        "select 1 from entry where event->>'type' = 'message_received'"
        " group by event->>'message_id' having count(*) > 1"
    ),
    "an arrival taken without a message": (
        "select 1 from arrival a where state = 'taken' and not exists"
        " (select from message m where m.channel_id = a.channel_id and m.direction = 'inbound')"
    ),
    "a conversation that counts wrongly": (
        "select 1 from conversation c where inbound_count <>"
        " (select count(*) from message m where m.conversation_id = c.id and m.direction = 'inbound')"
    ),
    "a conversation that counts its answers wrongly": (
        "select 1 from conversation c where reply_count <> (select count(*) from message m"
        " where m.conversation_id = c.id and m.direction = 'outbound' and removed_at is null)"
    ),
    "an answer without its delivery": (
        "select 1 from message m where direction = 'outbound' and channel_id is not null and not exists"
        " (select from delivery d where d.message_id = m.id)"
    ),
    "a delivery whose message says otherwise": (
        "select 1 from delivery d join message m on m.id = d.message_id where m.removed_at is null and"
        " (d.state = 'doubtful' and m.status <> 'doubtful'"
        " or d.state = 'sent' and m.status not in ('sent', 'delivered', 'read', 'failed'))"
    ),
    "two live pieces of work for one conversation": (
        "select 1 from work_item where state in ('queued', 'reserved', 'accepted', 'paused', 'wrap_up')"
        " group by conversation_id having count(*) > 1"
    ),
    "an agent whose load is not the sum of the work": (
        "select 1 from load l where used <> (select coalesce(sum(units), 0) from work_item w"
        " where w.agent_id = l.agent_id and w.work_class = l.work_class"
        " and w.state in ('reserved', 'accepted', 'wrap_up'))"
    ),
}
