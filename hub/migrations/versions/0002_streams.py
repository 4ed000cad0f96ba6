"""Arrivals of one stream are taken in in their order, by however many processes; what was begun is no failure."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.add_column("arrival", sa.Column("stream", sa.Text(), nullable=True))
    op.add_column("arrival", sa.Column("begun", sa.BigInteger(), server_default="0", nullable=False))
    op.create_index(
        "arrival_stream_idx",
        "arrival",
        ["channel_id", "stream", "sequence"],
        unique=False,
        postgresql_where=sa.text("state = 'kept' and stream is not null"),
    )


def downgrade() -> None:
    """Undo it."""
    op.drop_index(
        "arrival_stream_idx",
        table_name="arrival",
        postgresql_where=sa.text("state = 'kept' and stream is not null"),
    )
    op.drop_column("arrival", "begun")
    op.drop_column("arrival", "stream")
