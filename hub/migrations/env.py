"""Run migrations on the connection that Alembic's configuration carries."""

from alembic import context

from hub.storage.tables import COMPARISON, all_tables, render

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=all_tables(),
    transaction_per_migration=True,
    render_item=render,
    **COMPARISON,
)
with context.begin_transaction():
    context.run_migrations()
