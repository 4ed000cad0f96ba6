"""What a conversation of the demo leaves in the tables: the same rows that living through it would have left."""

from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from hub.channels.chat_contract import message_key
from hub.demo.sample_files import Sample
from hub.demo.types import DOMAIN, Client, House, Row, Rows, Worker, id_at
from hub.errors import packed
from hub.events import definitions as events
from hub.events.definitions import Direction, Event, State, Status
from hub.events.log import entry
from hub.routing.capacity import CAPS
from hub.timeline.text import preview
from hub.timeline.threading import new_reply_key


class Tale:
    """One conversation while it is told; each verb adds the rows it would have written."""

    def __init__(self, rows: Rows, house: House, client: Client, chance: Random, at: datetime) -> None:
        """Begin with nothing said."""
        self.rows, self.house, self.client, self.chance, self.at = rows, house, client, chance, at
        self.id = id_at(chance, at)
        self.worker: Worker | None = None
        self.work_class = ""
        self.last_mail = ""
        self.row: Row = {
            "id": self.id,
            "contact_id": client.id,
            "subject": None,
            "state": State.OPEN,
            "snoozed_until": None,
            "waiting_since": None,
            "team_id": None,
            "assignee_id": None,
            "assigned_why": [],
            "wrap_up": None,
            "reply_key": new_reply_key(),
            "preview": "",
            "last_direction": Direction.INBOUND,
            "last_at": at,
            "last_channel_id": None,
            "inbound_count": 0,
            "reply_count": 0,
            "version": 1,
            "demo": True,
            "opened_at": at,
            "resolved_at": None,
        }

    def tell(self, event: Event, by: UUID | None = None) -> None:
        """Add a line to the log."""
        line = entry(event, conversation_id=self.id, contact_id=self.client.id, agent_id=by)
        self.rows.entries.append({**line, "at": self.at})
        self.row["version"] += 1

    def opened(self, team: str, kind: str, subject: str | None) -> None:
        """Begin on a channel, for a team."""
        self.team, self.work_class = team, "live" if kind == "chat" else "async"
        self.row["team_id"], self.row["subject"] = self.house.teams[team], subject
        self.tell(events.ConversationOpened(conversation_id=self.id))

    def heard(
        self,
        kind: str,
        text: str,
        *,
        full: str | None = None,
        html: str | None = None,
        automatic: bool = False,
        file: Sample | None = None,
    ) -> None:
        """Let the customer say something."""
        message = self._message(kind, Direction.INBOUND, text, file)
        message |= {"full_body": full, "html": html, "automatic": automatic, "sent_at": self.at}
        if kind == "chat":
            message["external_id"] = message_key(self.client.visitor, message["id"])
        else:
            self.last_mail = message["email_id"] = message["external_id"] = f"<{message['id'].hex}@customers.example>"
        self.row["inbound_count"] += 1
        self.tell(events.MessageReceived(message_id=message["id"]))
        if not automatic:
            self.row["waiting_since"] = self.row["waiting_since"] or self.at
            self._reopened()

    def _reopened(self) -> None:
        if self.row["state"] == State.RESOLVED:
            self.row |= {"state": State.OPEN, "resolved_at": None, "wrap_up": None}
            self.tell(events.ConversationReopened(by_customer=True))

    def given(self, worker: Worker, reasons: tuple[str, ...], by: UUID | None = None) -> None:
        """Put it into somebody's hands."""
        self.worker = worker
        self.row["assignee_id"], self.row["assigned_why"] = worker.id, list(reasons)
        team_id = self.row["team_id"]
        self.tell(events.ConversationAssigned(agent_id=worker.id, team_id=team_id, reasons=reasons), by)

    def answered(self, worker: Worker, kind: str, text: str, *, file: Sample | None = None) -> None:
        """Let an agent answer, and the answer arrive."""
        message = self._message(kind, Direction.OUTBOUND, text, file)
        message |= {"agent_id": worker.id, "send_at": self.at}
        self.row["reply_count"] += 1
        self.row["waiting_since"] = None
        self.tell(events.MessageQueued(message_id=message["id"], send_at=self.at), worker.id)
        self._sent(message, kind)

    def _sent(self, message: Row, kind: str) -> None:
        trouble = kind == "mail" and self.at > self.house.now - timedelta(days=2) and self.house.troubles
        state, reason = self.house.troubles.pop() if trouble else ("sent", None)
        detail = reason.detail if reason else None
        status = Status(state)
        if kind == "mail" and state == "sent":
            message["email_id"] = f"<{message['id']}@{DOMAIN}>"
        elif kind == "chat":
            status = self.chance.choice((Status.READ, Status.READ, Status.DELIVERED))
        message["status"], message["status_detail"], message["reason"] = status, detail, packed(reason)
        provider = str(message["id"]) if kind == "chat" else message["email_id"]
        begun, self.at = self.at, self.at + timedelta(seconds=self.chance.uniform(0.4, 2.5))
        self.tell(events.MessageMoved(message_id=message["id"], status=status, detail=detail, reason=reason))
        self.rows.deliveries.append(
            {
                "id": id_at(self.chance, begun),
                "message_id": message["id"],
                "conversation_id": self.id,
                "channel_id": message["channel_id"],
                "point_id": message["point_id"],
                "state": state,
                "due_at": begun,
                "attempts": 1,
                "provider_id": provider,
                "error": detail,
                "reason": packed(reason),
                "created_at": begun,
                "settled_at": self.at,
                "history": [
                    {"at": self.at.isoformat(), "what": state, "detail": detail or provider, "reason": packed(reason)}
                ],
            }
        )

    def _message(self, kind: str, direction: Direction, text: str, file: Sample | None) -> Row:
        client, chat = self.client, kind == "chat"
        self.row |= {
            "last_direction": direction,
            "last_at": self.at,
            "preview": preview(text),
            "last_channel_id": self.house.chat_id if chat else self.house.mail_id,
        }
        message = self._said(direction, text) | {
            "channel_id": self.row["last_channel_id"],
            "point_id": client.chat_point if chat else client.mail_point,
            "subject": None if chat else self.row["subject"],
            "has_files": file is not None,
        }
        self.rows.messages.append(message)
        if file is not None:
            self.rows.attachments.append(
                {
                    "id": id_at(self.chance, self.at),
                    "message_id": message["id"],
                    "digest": file.digest,
                    "filename": file.filename,
                    "media_type": file.media_type,
                    "size": len(file.body),
                    "inline": False,
                    "created_at": self.at,
                }
            )
        return message

    def _said(self, direction: Direction, text: str) -> Row:
        return {
            "id": id_at(self.chance, self.at),
            "conversation_id": self.id,
            "contact_id": self.client.id,
            "at": self.at,
            "direction": direction,
            "channel_id": None,
            "external_id": None,
            "agent_id": None,
            "point_id": None,
            "cc": [],
            "subject": None,
            "body": text,
            "full_body": None,
            "html": None,
            "email_id": None,
            "sent_at": None,
            "automatic": False,
            "status": None,
            "status_detail": None,
            "reason": None,
            "send_at": None,
            "mentions": [],
            "has_files": False,
        }

    def noted(self, worker: Worker, text: str, mate: Worker | None) -> None:
        """Let an agent write a note."""
        named = (mate.id,) if mate else ()
        message = self._said(Direction.INTERNAL, text)
        message |= {"agent_id": worker.id, "mentions": [str(id_) for id_ in named]}
        self.rows.messages.append(message)
        self.tell(events.NoteAdded(message_id=message["id"], mentions=named), worker.id)
        old = self.at < self.house.now - timedelta(days=4)
        seen_at = self.at + timedelta(hours=1) if old else None
        self.rows.mentions += [
            {"message_id": message["id"], "agent_id": id_, "conversation_id": self.id, "seen_at": seen_at}
            for id_ in named
        ]

    def tagged(self, tags: tuple[str, ...], by: UUID) -> None:
        """Put tags on."""
        self.rows.tags.append((self.id, ",".join(tags)))
        self.tell(events.TagsChanged(added=tags), by)

    def resolved(self, wrap_up: str | None, by: UUID) -> None:
        """Settle it."""
        self.row |= {"state": State.RESOLVED, "resolved_at": self.at, "waiting_since": None, "wrap_up": wrap_up}
        self.tell(events.ConversationResolved(wrap_up=wrap_up), by)

    def snoozed(self, until: datetime, by: UUID) -> None:
        """Let it sleep."""
        self.row |= {"state": State.SNOOZED, "snoozed_until": until}
        self.tell(events.ConversationSnoozed(until=until), by)

    def ended(self) -> None:
        """Leave it as it stands now: its row, its work, and what has been read."""
        self._take_back()
        self.rows.conversations.append(self.row)
        if self.row["state"] != State.RESOLVED:
            self._work()
        self._marks()

    def _take_back(self) -> None:
        """A chat does not wait in the hands of somebody who has gone home."""
        if self.work_class == "live" and self.row["waiting_since"] and self.row["assignee_id"]:
            self.row |= {"assignee_id": None, "assigned_why": []}
            self.at += timedelta(seconds=61)
            self.at = min(self.at, self.house.now)
            team_id = self.row["team_id"]
            self.tell(events.ConversationAssigned(agent_id=None, team_id=team_id, reasons=("owner_gone",)))

    def _work(self) -> None:
        agent_id: UUID | None = self.row["assignee_id"]
        item_id, asleep = id_at(self.chance, self.row["opened_at"]), self.row["state"] == State.SNOOZED
        state = "paused" if asleep else "accepted" if agent_id else "queued"
        item: Row = {
            "id": item_id,
            "conversation_id": self.id,
            "queue_id": self.house.queues[self.team],
            "work_class": self.work_class,
            "units": 1,
            "state": state,
            "key": self.row["opened_at"],
            "queued_at": self.row["opened_at"],
            "agent_id": agent_id,
            "reservation_id": None,
            "over_cap": False,
            "version": 1,
        }
        self.rows.items.append(item)
        if state == "queued":
            self.house.waiting[self.team] = self.house.waiting.get(self.team, 0) + 1
        elif agent_id and state == "accepted":
            self._in_hand(item, agent_id)

    def _in_hand(self, item: Row, agent_id: UUID) -> None:
        """Count it, and say that it was taken on purpose where the hand was full."""
        hand = (agent_id, self.work_class)
        used = self.house.hands[hand] = self.house.hands.get(hand, 0) + 1
        item["over_cap"] = used > CAPS[self.work_class]
        if item["over_cap"]:
            self.row["assigned_why"] = ["claimed"]
        item["reservation_id"] = id_at(self.chance, self.at)
        self.rows.reservations.append(
            {
                "id": item["reservation_id"],
                "item_id": item["id"],
                "agent_id": agent_id,
                "state": "accepted",
                "reasons": self.row["assigned_why"],
                "created_at": self.row["opened_at"],
                "closed_at": self.row["opened_at"],
            }
        )

    def _marks(self) -> None:
        count, waits = self.row["inbound_count"], bool(self.row["waiting_since"])
        owner = next(worker for worker in self.house.staff if worker.owner)
        recent = self.row["last_at"] > self.house.now - timedelta(days=14)
        readers = {owner.id} | ({self.worker.id} if self.worker and recent else set())
        for agent_id in sorted(readers):
            fresh = waits and (agent_id == owner.id or self.chance.choice((True, True, False)))
            mark = {"agent_id": agent_id, "conversation_id": self.id, "inbound_read": count - fresh}
            self.rows.marks += [mark] if mark["inbound_read"] else []
