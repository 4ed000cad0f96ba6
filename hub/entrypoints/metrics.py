"""Metrics for Prometheus: open sockets of this process, and the waiting work in the database."""

from prometheus_client import Gauge
from sqlalchemy import text

from hub.live.feed import Feed
from hub.runtime.context import AppContext

SOCKETS = Gauge("hub_agent_sockets", "Agents' sockets open in this process.")
ARRIVALS = Gauge("hub_arrivals", "Raw arrivals not taken in, by state.", ["state"])
DELIVERIES = Gauge("hub_deliveries", "Messages on their way out, by state.", ["state"])
OLDEST = Gauge("hub_oldest_due_seconds", "How long the oldest thing in a tray is overdue.", ["tray"])
WAITING = Gauge("hub_work_waiting", "Conversations that wait in queues.")

COUNT_ARRIVALS = text(
    "select state, count(*) as number, coalesce(extract(epoch from clock_timestamp() - min(due_at)), 0) as late"
    " from arrival where state in ('kept', 'quarantined') group by state"
)
COUNT_DELIVERIES = text(
    "select state, count(*) as number, coalesce(extract(epoch from clock_timestamp() - min(due_at)), 0) as late"
    " from delivery where state in ('due', 'claimed', 'sending', 'doubtful', 'failed') group by state"
)
COUNT_QUEUED = text("select coalesce(sum(waiting), 0) from queue")


async def refresh(context: AppContext) -> None:
    """Set all metrics to their current values, with three queries."""
    async with context.transaction() as session:
        arrivals = {row.state: row for row in await session.execute(COUNT_ARRIVALS)}
        deliveries = {row.state: row for row in await session.execute(COUNT_DELIVERIES)}
        waiting = await session.scalar(COUNT_QUEUED)
    for state in ("kept", "quarantined"):
        ARRIVALS.labels(state).set(arrivals[state].number if state in arrivals else 0)
    for state in ("due", "claimed", "sending", "doubtful", "failed"):
        DELIVERIES.labels(state).set(deliveries[state].number if state in deliveries else 0)
    OLDEST.labels("in").set(max(0.0, float(arrivals["kept"].late)) if "kept" in arrivals else 0)
    OLDEST.labels("out").set(max(0.0, float(deliveries["due"].late)) if "due" in deliveries else 0)
    WAITING.set(float(waiting or 0))
    SOCKETS.set(len(context.shared(Feed).connections))
