"""What is awaited has a time, so that it is not awaited for ever."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.add_column(
        "awaited", sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)
    )
    op.create_index("awaited_at_idx", "awaited", ["at"], unique=False)


def downgrade() -> None:
    """Undo it."""
    op.drop_index("awaited_at_idx", table_name="awaited")
    op.drop_column("awaited", "at")
