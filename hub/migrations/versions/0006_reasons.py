"""Failures keep their code and parameters beside the English sentence."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = ("arrival", "channel", "delivery", "message")


def upgrade() -> None:
    """Add the columns, and say of channels that fail now in which direction they do."""
    for table in TABLES:
        op.add_column(table, sa.Column("reason", postgresql.JSONB(), nullable=True))
    op.execute(
        "update channel set reason = jsonb_build_object("
        "'code', case when error like 'Sending: %' then 'sending_fails' else 'receiving_fails' end,"
        " 'params', jsonb_build_object('cause', regexp_replace(error, '^(Sending|Receiving): ', '')),"
        " 'detail', error) where error is not null"
    )


def downgrade() -> None:
    """Remove the columns."""
    for table in TABLES:
        op.drop_column(table, "reason")
