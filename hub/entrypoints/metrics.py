"""Metrics for Prometheus: open sockets of this process, and the work that waits in the database."""

from prometheus_client import Gauge
from sqlalchemy import text

from hub.live.feed import Feed
from hub.runtime.context import AppContext

SOCKETS = Gauge("hub_agent_sockets", "Agents' sockets open in this process.")
ARRIVALS = Gauge("hub_arrivals", "Raw arrivals not taken in, by state.", ["state"])
DELIVERIES = Gauge("hub_deliveries", "Messages on their way out, by state.", ["state"])
OLDEST = Gauge("hub_oldest_due_seconds", "How long the oldest thing in a tray is overdue.", ["tray"])
WAITING = Gauge("hub_work_waiting", "Conversations that wait in queues.")

ARRIVED = text(
    "select state, count(*) as number, coalesce(extract(epoch from clock_timestamp() - min(due_at)), 0) as late"
    " from arrival where state in ('kept', 'quarantined') group by state"
)
LEAVING = text(
    "select state, count(*) as number, coalesce(extract(epoch from clock_timestamp() - min(due_at)), 0) as late"
    " from delivery where state in ('due', 'claimed', 'sending', 'doubtful', 'failed') group by state"
)
QUEUED = text("select coalesce(sum(waiting), 0) from queue")


async def refresh(context: AppContext) -> None:
    """Set all metrics to their current values, with three queries."""
    async with context.transaction() as session:
        arrived = {row.state: row for row in await session.execute(ARRIVED)}
        leaving = {row.state: row for row in await session.execute(LEAVING)}
        waiting = await session.scalar(QUEUED)
    for state in ("kept", "quarantined"):
        ARRIVALS.labels(state).set(arrived[state].number if state in arrived else 0)
    for state in ("due", "claimed", "sending", "doubtful", "failed"):
        DELIVERIES.labels(state).set(leaving[state].number if state in leaving else 0)
    OLDEST.labels("in").set(max(0.0, float(arrived["kept"].late)) if "kept" in arrived else 0)
    OLDEST.labels("out").set(max(0.0, float(leaving["due"].late)) if "due" in leaving else 0)
    WAITING.set(float(waiting or 0))
    SOCKETS.set(len(context.shared(Feed).connections))
