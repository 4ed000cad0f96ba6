"""Simulates a conversation of the demo in memory, at past times, with the product's own verbs.

The customer's messages go through intake's plan; every change of state is a verb of `timeline.lifecycle`. Nothing is
queried or sent, so thousands of conversations take seconds; the rows are stored in batches.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from hub.channels.chat_contract import message_key
from hub.channels.contract import File, InboundMessage, Point, WorkClass
from hub.delivery.models import Delivery, DeliveryState
from hub.demo.sample_files import Sample
from hub.demo.types import DOMAIN, Batch, ChannelKind, DemoAgent, DemoContact, Shop
from hub.errors import reason_to_json
from hub.events import definitions as events
from hub.events.definitions import Direction, Event, State, Status
from hub.inbox.models import Mention, ReadMark
from hub.intake.arrival_store import StoredArrival
from hub.intake.plan import ConversationState, InboundItem, plan_messages
from hub.routing.capacity import CAPS
from hub.routing.models import Reservation, WorkItem
from hub.routing.states import ItemState, ReservationState
from hub.storage.database import new_id
from hub.timeline.models import Attachment, Message
from hub.timeline.threading import KnownThreads


class DemoConversation:
    """One conversation; `at` is its clock, which the caller sets before each verb."""

    state: ConversationState  # from the first message on

    def __init__(self, batch: Batch, shop: Shop, contact: DemoContact, rng: Random, at: datetime, team: str) -> None:
        """Begin with no message."""
        self.batch, self.shop, self.contact, self.rng, self.at, self.team = batch, shop, contact, rng, at, team
        self.opened_at = at
        self.agent: DemoAgent | None = None
        self.work_class = WorkClass.ASYNC
        self.subject: str | None = None
        self._last_mail: tuple[str, ...] = ()
        self._known = KnownThreads(by_key={}, by_answer={}, pending={}, parties={}, latest={}, conversations={})

    def receive(
        self,
        kind: ChannelKind,
        text: str,
        *,
        subject: str | None = None,
        full: str | None = None,
        html: str | None = None,
        automatic: bool = False,
        file: Sample | None = None,
    ) -> None:
        """Receive a message of the customer, as intake does."""
        scheme, value = self.contact.addresses[kind]
        mail_id = f"<{new_id().hex}@customers.example>"
        self.subject = subject or self.subject
        message = InboundMessage(
            external_id=mail_id if kind == "email" else message_key(self.contact.visitor, new_id()),
            message_id=mail_id if kind == "email" else None,
            sender=Point(scheme=scheme, value=value),
            subject=self.subject if kind == "email" else None,
            text=text,
            full_text=full,
            html=html,
            files=(_file(file),) if file else (),
            sent_at=self.at,
            references=self._last_mail if kind == "email" else (),
            automatic=automatic,
        )
        if kind == "email":
            self._last_mail = (mail_id,)
        self._plan(kind, message)

    def _plan(self, kind: ChannelKind, message: InboundMessage) -> None:
        channel = self.shop.channel(kind, self.team)
        arrival = StoredArrival(
            id=new_id(),
            channel_id=channel.id,
            dedupe_key=message.external_id,
            stream=None,
            meta={},
            body=b"",
            received_at=self.at,
        )
        item = InboundItem(arrival=arrival, channel=channel, message=message)
        planned = self.batch.planned
        plan_messages(planned, [item], self.contact.points, self._known)
        if not self.has_begun:
            self.work_class = channel.capabilities.work_class
            self.state = planned.conversations[self._known.latest[self.contact.id]]
            planned.opened[self.state.id]["tags"] = []

    @property
    def has_begun(self) -> bool:
        """Return whether the customer has written."""
        return hasattr(self, "state")

    def record(self, event: Event, by: UUID | None = None) -> None:
        """Record an event at the conversation's time."""
        self.batch.planned.add_event(event, self.state, self.at, by=by)

    def assign(self, agent: DemoAgent, reasons: Sequence[str]) -> None:
        """Assign the conversation, as the router does."""
        self.agent = agent
        self.state.assign(agent.id, reasons)
        self.record(self._assigned(agent.id, reasons))

    def _assigned(self, agent_id: UUID | None, reasons: Sequence[str]) -> Event:
        return events.ConversationAssigned(agent_id=agent_id, team_id=self.state.team_id, reasons=tuple(reasons))

    def answer(self, agent: DemoAgent, kind: ChannelKind, text: str, *, file: Sample | None = None) -> None:
        """Send a reply, and store the outcome of its delivery a few seconds later."""
        message = self._message(agent, Direction.OUTBOUND, text)
        channel = self.shop.channel(kind, self.team)
        message.channel_id, message.point_id = channel.id, self.contact.points[self.contact.addresses[kind]].id
        message.subject, message.send_at = self.subject if kind == "email" else None, self.at
        if file is not None:
            message.has_files = True
            self.batch.objects.append(_attachment(message, file))
        self.state.answer(at=self.at, channel_id=channel.id, text=text)
        self.record(events.MessageQueued(message_id=message.id, send_at=self.at), agent.id)
        self._deliver(message, kind)

    def _deliver(self, message: Message, kind: ChannelKind) -> None:
        fails = kind == "email" and self.at > self.shop.now - timedelta(days=2) and self.shop.troubles
        outcome, reason = self.shop.troubles.pop() if fails else ("sent", None)
        detail = reason.detail if reason else None
        state, status = DeliveryState(outcome), Status(outcome)
        provider_id = f"<{message.id}@{DOMAIN}>" if kind == "email" else str(message.id)
        if kind == "webchat":
            status = self.rng.choice((Status.READ, Status.READ, Status.DELIVERED))
        elif state is DeliveryState.SENT:
            message.email_id = provider_id
        message.status, message.status_detail, message.reason = status, detail, reason_to_json(reason)
        queued_at, self.at = self.at, self.at + timedelta(seconds=self.rng.uniform(0.4, 2.5))
        changed = events.MessageStatusChanged(message_id=message.id, status=status, detail=detail, reason=reason)
        self.record(changed)
        delivery = Delivery(
            message_id=message.id,
            conversation_id=self.state.id,
            channel_id=message.channel_id or self.shop.mail_id,
            point_id=message.point_id or self.contact.id,
            state=state,
            due_at=queued_at,
            attempts=1,
            provider_id=message.email_id if kind == "email" else provider_id,
            error=detail,
            reason=reason_to_json(reason),
            history=[
                {
                    "at": self.at.isoformat(),
                    "what": outcome,
                    "detail": detail or provider_id,
                    "reason": reason_to_json(reason),
                }
            ],
            created_at=queued_at,
            settled_at=self.at,
        )
        self.batch.objects.append(delivery)

    def _message(self, agent: DemoAgent, direction: Direction, text: str) -> Message:
        message = Message(
            conversation_id=self.state.id,
            contact_id=self.contact.id,
            at=self.at,
            direction=direction,
            agent_id=agent.id,
            body=text,
        )
        self.batch.objects.append(message)
        return message

    def note(self, agent: DemoAgent, text: str, mentioned: DemoAgent | None) -> None:
        """Add a note; a mention older than four days counts as seen."""
        message = self._message(agent, Direction.INTERNAL, text)
        ids = (mentioned.id,) if mentioned else ()
        message.mentions = [str(agent_id) for agent_id in ids]
        self.state.touch()
        self.record(events.NoteAdded(message_id=message.id, mentions=ids), agent.id)
        seen_at = self.at + timedelta(hours=1) if self.at < self.shop.now - timedelta(days=4) else None
        for agent_id in ids:
            mention = Mention(message_id=message.id, agent_id=agent_id, conversation_id=self.state.id, seen_at=seen_at)
            self.batch.objects.append(mention)

    def tag(self, tags: tuple[str, ...], by: UUID) -> None:
        """Add tags."""
        self.batch.planned.opened[self.state.id]["tags"] += tags
        self.state.touch()
        self.record(events.TagsChanged(added=tags), by)

    def resolve(self, wrap_up: str | None, by: UUID) -> None:
        """Resolve the conversation."""
        self.state.resolve(at=self.at, wrap_up=wrap_up)
        self.record(events.ConversationResolved(wrap_up=wrap_up), by)

    def snooze(self, until: datetime, by: UUID) -> None:
        """Snooze the conversation."""
        self.state.snooze(until)
        self.record(events.ConversationSnoozed(until=until), by)

    def end(self) -> None:
        """Complete the conversation in its present state: add its work item and the agents' read marks."""
        if self.work_class is WorkClass.LIVE and self.state.waiting_since and self.state.assignee_id:
            self.at = min(self.at + timedelta(seconds=61), self.shop.now)  # its agent has gone home
            self.state.unassign()
            self.record(self._assigned(None, ("owner_gone",)))
        if self.state.state is not State.RESOLVED:
            self._add_work()
        self._add_read_marks()

    def _add_work(self) -> None:
        agent_id = self.state.assignee_id
        snoozed = self.state.state is State.SNOOZED
        item = WorkItem(
            conversation_id=self.state.id,
            queue_id=self.shop.queues[self.team],
            work_class=self.work_class,
            state=ItemState.PAUSED if snoozed else ItemState.ACCEPTED if agent_id else ItemState.QUEUED,
            key=self.opened_at,
            queued_at=self.opened_at,
            agent_id=agent_id,
        )
        self.batch.objects.append(item)
        if item.state is ItemState.QUEUED:
            self.shop.queued[self.team] += 1
        elif agent_id and item.state is ItemState.ACCEPTED:
            self._use_capacity(item, agent_id)

    def _use_capacity(self, item: WorkItem, agent_id: UUID) -> None:
        """Count the item against its agent's capacity; beyond the cap the agent has claimed it."""
        self.shop.usage[agent_id, self.work_class] += 1
        item.over_cap = self.shop.usage[agent_id, self.work_class] > CAPS[self.work_class]
        if item.over_cap:
            self.state.assign(agent_id, ("claimed",))
        item.reservation_id = new_id()
        reservation = Reservation(
            id=item.reservation_id,
            item_id=item.id,
            agent_id=agent_id,
            state=ReservationState.ACCEPTED,
            reasons=self.state.assigned_why,
            created_at=self.opened_at,
            closed_at=self.opened_at,
        )
        self.batch.objects.append(reservation)

    def _add_read_marks(self) -> None:
        """Mark messages as read by the owner and, if recent, the agent; a waiting customer's last may be unread."""
        owner = next(agent for agent in self.shop.agents if agent.owner)
        recent = self.state.last_at > self.shop.now - timedelta(days=14)
        for agent_id in sorted({owner.id} | ({self.agent.id} if self.agent and recent else set())):
            waits = self.state.waiting_since is not None
            unread = waits and (agent_id == owner.id or self.rng.choice((True, True, False)))
            if read := self.state.inbound_count - unread:
                mark = ReadMark(agent_id=agent_id, conversation_id=self.state.id, inbound_read=read)
                self.batch.objects.append(mark)


def _file(sample: Sample) -> File:
    return File(filename=sample.filename, media_type=sample.media_type, digest=sample.digest, size=len(sample.body))


def _attachment(message: Message, sample: Sample) -> Attachment:
    return Attachment(
        message_id=message.id,
        digest=sample.digest,
        filename=sample.filename,
        media_type=sample.media_type,
        size=len(sample.body),
        created_at=message.at,
    )
