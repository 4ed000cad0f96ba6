"""Durable readers of the log: a lease on each cursor, and a table of the entries they gave up."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.add_column("cursor", sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("cursor", sa.Column("owner", sa.Uuid(), nullable=True))
    op.add_column("cursor", sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "dead_letter",
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("reader", "position", name=op.f("dead_letter_pkey")),
    )


def downgrade() -> None:
    """Undo it."""
    op.drop_table("dead_letter")
    op.drop_column("cursor", "leased_until")
    op.drop_column("cursor", "owner")
    op.drop_column("cursor", "attempts")
