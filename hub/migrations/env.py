"""Alembic's entrance: run the migrations on the connection we are given."""

from alembic import context

import hub.access.models
import hub.channels.models
import hub.inbox.models
import hub.routing.models
import hub.timeline.models
from hub.database import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    compare_server_default=False,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
