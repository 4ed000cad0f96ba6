"""Mails that are answered before they come are awaited, for a while."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.execute("drop table if exists awaited")  # an earlier shape of it was never released
    op.create_table(
        "awaited",
        sa.Column("email_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channel.id"], name=op.f("awaited_channel_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("awaited_conversation_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("email_id", "conversation_id", "channel_id", name=op.f("awaited_pkey")),
    )
    op.create_index(op.f("awaited_conversation_id_idx"), "awaited", ["conversation_id"], unique=False)
    op.create_index(op.f("awaited_at_idx"), "awaited", ["at"], unique=False)


def downgrade() -> None:
    """Undo it."""
    op.drop_table("awaited")
