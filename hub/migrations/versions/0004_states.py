"""Columns that hold one value of a closed set are checked.

Each constraint is added without a look at the rows there are, which locks the table for a moment only, and validated
afterwards, while the hub reads and writes. A migration that broke off in between can be started again.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

DIRECTIONS = "'inbound', 'outbound', 'internal'"
WORK_CLASSES = "'rt', 'live', 'async'"
ALLOWED = (
    ("agent", "kind", "'person', 'bot'"),
    ("agent", "role", "'owner', 'admin', 'supervisor', 'agent', 'auditor', 'bot'"),
    ("agent", "theme", "'system', 'light', 'dark'"),
    ("arrival", "state", "'kept', 'taken', 'quarantined'"),
    ("conversation", "last_direction", DIRECTIONS),
    ("conversation", "state", "'open', 'snoozed', 'resolved'"),
    ("delivery", "state", "'due', 'claimed', 'sending', 'sent', 'failed', 'doubtful', 'cancelled'"),
    ("desk", "intent", "'available', 'away', 'offline'"),
    ("link", "purpose", "'invitation', 'reset', 'sign_in'"),
    ("load", "work_class", WORK_CLASSES),
    ("message", "direction", DIRECTIONS),
    ("message", "status", "'queued', 'sending', 'doubtful', 'failed', 'sent', 'delivered', 'read'"),
    ("reservation", "state", "'open', 'accepted', 'declined', 'expired', 'rescinded'"),
    (
        "work_item",
        "state",
        "'held', 'queued', 'reserved', 'accepted', 'paused', 'wrap_up', 'done', 'abandoned', 'cancelled', 'overflowed'",
    ),
    ("work_item", "work_class", WORK_CLASSES),
)


def upgrade() -> None:
    """Apply it."""
    with op.get_context().autocommit_block():
        for table, column, values in ALLOWED:
            name = f"{table}_{column}_check"
            op.execute(
                f"alter table {table} drop constraint if exists {name},"
                f" add constraint {name} check ({column} in ({values})) not valid"
            )
        for table, column, _ in ALLOWED:
            op.execute(f"alter table {table} validate constraint {table}_{column}_check")


def downgrade() -> None:
    """Undo it."""
    for table, column, _ in ALLOWED:
        op.drop_constraint(f"{table}_{column}_check", table)
