"""The first shape of everything."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from hub.database import Xid
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.execute("create sequence arrival_sequence")
    op.create_table(
        "agent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "owner", "admin", "supervisor", "agent", "auditor", "bot", name="role", native_enum=False, length=20
            ),
            nullable=False,
        ),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("theme", sa.Text(), nullable=False),
        sa.Column("single_keys", sa.Boolean(), nullable=False),
        sa.Column("undo_seconds", sa.BigInteger(), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("(kind = 'bot') = (role = 'bot')", name=op.f("agent_bot_role_check")),
        sa.CheckConstraint("kind = 'bot' or email is not null", name=op.f("agent_person_email_check")),
        sa.CheckConstraint("email = lower(email)", name=op.f("agent_email_lower_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("agent_pkey")),
        sa.UniqueConstraint("email", name=op.f("agent_email_key")),
    )
    op.create_table(
        "attempt",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("tried", sa.BigInteger(), nullable=False),
        sa.Column("strikes", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("attempt_pkey")),
    )
    op.create_index(op.f("attempt_ends_at_idx"), "attempt", ["ends_at"], unique=False)
    op.create_table(
        "blob",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("blob_pkey")),
    )
    op.create_table(
        "contact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("time_zone", sa.Text(), nullable=True),
        sa.Column("merged_into_id", sa.Uuid(), nullable=True),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["merged_into_id"], ["contact.id"], name=op.f("contact_merged_into_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("contact_pkey")),
    )
    op.create_index("contact_name_idx", "contact", [sa.literal_column("lower(name) text_pattern_ops")], unique=False)
    op.create_index(
        "contact_words_idx",
        "contact",
        [sa.literal_column("to_tsvector('simple', name)")],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(op.f("contact_merged_into_id_idx"), "contact", ["merged_into_id"], unique=False)
    op.create_table(
        "cursor",
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("xid", Xid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("reader", name=op.f("cursor_pkey")),
    )
    op.create_table(
        "demo_mail",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("demo_mail_pkey")),
    )
    op.create_index(op.f("demo_mail_address_received_at_idx"), "demo_mail", ["address", "received_at"], unique=False)
    op.create_table(
        "entry",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("xid", Xid(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("private_to", sa.Uuid(), nullable=True),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.Column("event", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("entry_pkey")),
    )
    op.create_index(
        "entry_contact_idx",
        "entry",
        ["contact_id", "at", "position"],
        unique=False,
        postgresql_where=sa.text("contact_id is not null and shown"),
    )
    op.create_index("entry_reader_idx", "entry", ["xid", "position"], unique=False)
    op.create_table(
        "team",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("team_pkey")),
        sa.UniqueConstraint("name", name=op.f("team_name_key")),
    )
    op.create_table(
        "access_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agent.id"], name=op.f("access_token_agent_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("access_token_pkey")),
        sa.UniqueConstraint("token_hash", name=op.f("access_token_token_hash_key")),
    )
    op.create_index(op.f("access_token_agent_id_idx"), "access_token", ["agent_id"], unique=False)
    op.create_table(
        "answered",
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("answered_agent_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("agent_id", "key", name=op.f("answered_pkey")),
    )
    op.create_index(op.f("answered_created_at_idx"), "answered", ["created_at"], unique=False)
    op.create_table(
        "channel",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("settings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("secrets", sa.Text(), nullable=True),
        sa.Column("bookmark", sa.Text(), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("channel_team_id_fkey"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("channel_pkey")),
    )
    op.create_index(
        op.f("channel_kind_address_idx"),
        "channel",
        ["kind", "address"],
        unique=True,
        postgresql_where="archived_at is null",
    )
    op.create_table(
        "contact_merge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("point_ids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("conversation_ids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("contact_merge_agent_id_fkey")),
        sa.ForeignKeyConstraint(["source_id"], ["contact.id"], name=op.f("contact_merge_source_id_fkey")),
        sa.ForeignKeyConstraint(["target_id"], ["contact.id"], name=op.f("contact_merge_target_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("contact_merge_pkey")),
    )
    op.create_index(op.f("contact_merge_source_id_idx"), "contact_merge", ["source_id"], unique=False)
    op.create_index(op.f("contact_merge_target_id_idx"), "contact_merge", ["target_id"], unique=False)
    op.create_table(
        "contact_point",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("display", sa.Text(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("contact_point_contact_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("contact_point_pkey")),
        sa.UniqueConstraint("scheme", "value", name=op.f("contact_point_scheme_value_key")),
    )
    op.create_index(
        "contact_point_value_idx",
        "contact_point",
        ["value"],
        unique=False,
        postgresql_ops={"value": "text_pattern_ops"},
    )
    op.create_index(op.f("contact_point_contact_id_idx"), "contact_point", ["contact_id"], unique=False)
    op.create_table(
        "desk",
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("intent", sa.Text(), nullable=False),
        sa.Column("intent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("desk_agent_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("agent_id", name=op.f("desk_pkey")),
    )
    op.create_table(
        "link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum("invitation", "reset", "sign_in", name="purpose", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("link_agent_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("link_pkey")),
        sa.UniqueConstraint("token_hash", name=op.f("link_token_hash_key")),
    )
    op.create_index(op.f("link_agent_id_idx"), "link", ["agent_id"], unique=False)
    op.create_index(op.f("link_expires_at_idx"), "link", ["expires_at"], unique=False)
    op.create_table(
        "load",
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("work_class", sa.Text(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("cap", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("cap >= 0", name=op.f("load_cap_check")),
        sa.CheckConstraint("used >= 0", name=op.f("load_used_check")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("load_agent_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("agent_id", "work_class", name=op.f("load_pkey")),
    )
    op.create_table(
        "queue",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("waiting", sa.BigInteger(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("queue_team_id_fkey"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("queue_pkey")),
        sa.UniqueConstraint("team_id", name=op.f("queue_team_id_key")),
    )
    op.create_table(
        "sign_in",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("csrf_secret", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("sign_in_agent_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("sign_in_pkey")),
        sa.UniqueConstraint("token_hash", name=op.f("sign_in_token_hash_key")),
    )
    op.create_index(
        op.f("sign_in_agent_id_idx"),
        "sign_in",
        ["agent_id"],
        unique=False,
        postgresql_where=sa.text("revoked_at is null"),
    )
    op.create_index(op.f("sign_in_expires_at_idx"), "sign_in", ["expires_at"], unique=False)
    op.create_table(
        "team_member",
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("team_member_agent_id_fkey"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("team_member_team_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("team_id", "agent_id", name=op.f("team_member_pkey")),
    )
    op.create_index(op.f("team_member_agent_id_idx"), "team_member", ["agent_id"], unique=False)
    op.create_table(
        "arrival",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), server_default=sa.text("nextval('arrival_sequence')"), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("meta", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column(
            "due_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp() + interval '15 s'"),
            nullable=False,
        ),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column(
            "received_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("arrival_channel_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("arrival_pkey")),
        sa.UniqueConstraint("channel_id", "dedupe_key", name=op.f("arrival_channel_id_dedupe_key_key")),
    )
    op.create_index(
        "arrival_due_idx", "arrival", ["due_at", "sequence"], unique=False, postgresql_where=sa.text("state = 'kept'")
    )
    op.create_index(
        "arrival_quarantined_idx",
        "arrival",
        ["received_at"],
        unique=False,
        postgresql_where=sa.text("state = 'quarantined'"),
    )
    op.create_table(
        "conversation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("assigned_why", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("tags", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("wrap_up", sa.Text(), nullable=True),
        sa.Column("reply_key", sa.Text(), nullable=False),
        sa.Column("preview", sa.Text(), nullable=False),
        sa.Column("last_direction", sa.Text(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_channel_id", sa.Uuid(), nullable=True),
        sa.Column("inbound_count", sa.BigInteger(), nullable=False),
        sa.Column("reply_count", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["assignee_id"], ["agent.id"], name=op.f("conversation_assignee_id_fkey")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("conversation_contact_id_fkey")),
        sa.ForeignKeyConstraint(["last_channel_id"], ["channel.id"], name=op.f("conversation_last_channel_id_fkey")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("conversation_team_id_fkey"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("conversation_pkey")),
        sa.UniqueConstraint("number", name=op.f("conversation_number_key")),
        sa.UniqueConstraint("reply_key", name=op.f("conversation_reply_key_key")),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "conversation_tally_idx",
        "conversation",
        ["team_id", "assignee_id", "last_channel_id", "state"],
        unique=False,
        postgresql_where=sa.text("state <> 'resolved'"),
    )
    op.create_index("conversation_contact_idx", "conversation", ["contact_id", "last_at"], unique=False)
    op.create_index("conversation_demo_idx", "conversation", ["demo"], unique=False, postgresql_where=sa.text("demo"))
    op.create_index(
        "conversation_mine_idx",
        "conversation",
        ["assignee_id", "last_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "conversation_open_idx",
        "conversation",
        ["last_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "conversation_resolved_idx",
        "conversation",
        ["last_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'resolved'"),
    )
    op.create_index(
        "conversation_snoozed_idx",
        "conversation",
        ["snoozed_until"],
        unique=False,
        postgresql_where=sa.text("state = 'snoozed'"),
    )
    op.create_index(
        "conversation_team_idx",
        "conversation",
        ["team_id", "last_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "conversation_unassigned_idx",
        "conversation",
        ["team_id", "last_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'open' and assignee_id is null"),
    )
    op.create_table(
        "visitor",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("point_value", sa.Text(), nullable=False),
        sa.Column("verified_user", sa.Text(), nullable=True),
        sa.Column("verified_email", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("claimed_email", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=True),
        sa.Column("page_url", sa.Text(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("visitor_channel_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("visitor_pkey")),
        sa.UniqueConstraint("token_hash", name=op.f("visitor_token_hash_key")),
    )
    op.create_table(
        "draft",
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("channel_key", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("draft_agent_id_fkey"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("draft_conversation_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("agent_id", "conversation_id", "channel_key", name=op.f("draft_pkey")),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("point_id", sa.Uuid(), nullable=True),
        sa.Column("cc", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("full_body", sa.Text(), nullable=True),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("email_id", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("arrival_id", sa.Uuid(), nullable=True),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("unreadable", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("status_detail", sa.Text(), nullable=True),
        sa.Column("send_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mentions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("has_files", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("message_agent_id_fkey")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("message_channel_id_fkey")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("message_contact_id_fkey")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("message_conversation_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["point_id"], ["contact_point.id"], name=op.f("message_point_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("message_pkey")),
        sa.UniqueConstraint("channel_id", "external_id", name=op.f("message_channel_id_external_id_key")),
    )
    op.create_index("message_contact_idx", "message", ["contact_id", "at", "id"], unique=False)
    op.create_index("message_conversation_idx", "message", ["conversation_id", "at", "id"], unique=False)
    op.create_index(
        "message_email_id_idx", "message", ["email_id"], unique=False, postgresql_where=sa.text("email_id is not null")
    )
    op.create_index(
        "message_search_idx",
        "message",
        [sa.literal_column("to_tsvector('simple', left(coalesce(subject, '') || ' ' || body, 20000))")],
        unique=False,
        postgresql_using="gin",
    )
    op.create_table(
        "participant",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("participant_conversation_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["point_id"], ["contact_point.id"], name=op.f("participant_point_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("conversation_id", "point_id", name=op.f("participant_pkey")),
    )
    op.create_table(
        "read_mark",
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("inbound_read", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("read_mark_agent_id_fkey"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("read_mark_conversation_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("agent_id", "conversation_id", name=op.f("read_mark_pkey")),
    )
    op.create_table(
        "work_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("queue_id", sa.Uuid(), nullable=False),
        sa.Column("work_class", sa.Text(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("key", sa.DateTime(timezone=True), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("reservation_id", sa.Uuid(), nullable=True),
        sa.Column("over_cap", sa.Boolean(), nullable=False),
        sa.Column("previous_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("work_item_agent_id_fkey")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("work_item_conversation_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["previous_id"], ["work_item.id"], name=op.f("work_item_previous_id_fkey"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["queue_id"], ["queue.id"], name=op.f("work_item_queue_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("work_item_pkey")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index(
        "work_item_agent_idx",
        "work_item",
        ["agent_id"],
        unique=False,
        postgresql_where=sa.text("state in ('reserved', 'accepted', 'wrap_up')"),
    )
    op.create_index(op.f("work_item_conversation_id_idx"), "work_item", ["conversation_id"], unique=False)
    op.create_index(
        "work_item_live_idx",
        "work_item",
        ["conversation_id"],
        unique=True,
        postgresql_where=sa.text("state in ('held', 'queued', 'reserved', 'accepted', 'paused', 'wrap_up')"),
    )
    op.create_index(
        "work_item_waiting_idx",
        "work_item",
        ["queue_id", "work_class", "key", "sequence"],
        unique=False,
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_table(
        "attachment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("visitor_id", sa.Uuid(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("content_id", sa.Text(), nullable=True),
        sa.Column("inline", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("attachment_agent_id_fkey")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("attachment_message_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("attachment_pkey")),
    )
    op.create_index(op.f("attachment_message_id_idx"), "attachment", ["message_id"], unique=False)
    op.create_table(
        "delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("history", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("delivery_channel_id_fkey")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("delivery_conversation_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("delivery_message_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["point_id"], ["contact_point.id"], name=op.f("delivery_point_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("delivery_pkey")),
        sa.UniqueConstraint("message_id", name=op.f("delivery_message_id_key")),
    )
    op.create_index(op.f("delivery_conversation_id_idx"), "delivery", ["conversation_id"], unique=False)
    op.create_index("delivery_due_idx", "delivery", ["due_at"], unique=False, postgresql_where=sa.text("state = 'due'"))
    op.create_index(
        "delivery_lease_idx",
        "delivery",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("state in ('claimed', 'sending')"),
    )
    op.create_index(
        "delivery_provider_idx",
        "delivery",
        ["channel_id", "provider_id"],
        unique=False,
        postgresql_where=sa.text("provider_id is not null"),
    )
    op.create_index("delivery_state_idx", "delivery", ["state", "created_at"], unique=False)
    op.create_table(
        "mention",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("mention_agent_id_fkey"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("mention_conversation_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("mention_message_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", "agent_id", name=op.f("mention_pkey")),
    )
    op.create_index(
        "mention_open_idx",
        "mention",
        ["agent_id", "conversation_id"],
        unique=False,
        postgresql_where=sa.text("seen_at is null"),
    )
    op.create_table(
        "reservation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("reservation_agent_id_fkey")),
        sa.ForeignKeyConstraint(
            ["item_id"], ["work_item.id"], name=op.f("reservation_item_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("reservation_pkey")),
    )
    op.create_index(
        "reservation_expiry_idx",
        "reservation",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(op.f("reservation_item_id_idx"), "reservation", ["item_id"], unique=False)
    op.create_index(
        "reservation_open_idx", "reservation", ["item_id"], unique=True, postgresql_where=sa.text("state = 'open'")
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index("reservation_open_idx", table_name="reservation", postgresql_where=sa.text("state = 'open'"))
    op.drop_index(op.f("reservation_item_id_idx"), table_name="reservation")
    op.drop_index("reservation_expiry_idx", table_name="reservation", postgresql_where=sa.text("state = 'open'"))
    op.drop_table("reservation")
    op.drop_index("mention_open_idx", table_name="mention", postgresql_where=sa.text("seen_at is null"))
    op.drop_table("mention")
    op.drop_index("delivery_state_idx", table_name="delivery")
    op.drop_index("delivery_provider_idx", table_name="delivery", postgresql_where=sa.text("provider_id is not null"))
    op.drop_index(
        "delivery_lease_idx", table_name="delivery", postgresql_where=sa.text("state in ('claimed', 'sending')")
    )
    op.drop_index("delivery_due_idx", table_name="delivery", postgresql_where=sa.text("state = 'due'"))
    op.drop_index(op.f("delivery_conversation_id_idx"), table_name="delivery")
    op.drop_table("delivery")
    op.drop_index(op.f("attachment_message_id_idx"), table_name="attachment")
    op.drop_table("attachment")
    op.drop_index("work_item_waiting_idx", table_name="work_item", postgresql_where=sa.text("state = 'queued'"))
    op.drop_index(
        "work_item_live_idx",
        table_name="work_item",
        postgresql_where=sa.text("state in ('held', 'queued', 'reserved', 'accepted', 'paused', 'wrap_up')"),
    )
    op.drop_index(op.f("work_item_conversation_id_idx"), table_name="work_item")
    op.drop_index(
        "work_item_agent_idx",
        table_name="work_item",
        postgresql_where=sa.text("state in ('reserved', 'accepted', 'wrap_up')"),
    )
    op.drop_table("work_item")
    op.drop_table("read_mark")
    op.drop_table("participant")
    op.drop_index("message_search_idx", table_name="message", postgresql_using="gin")
    op.drop_index("message_email_id_idx", table_name="message", postgresql_where=sa.text("email_id is not null"))
    op.drop_index("message_conversation_idx", table_name="message")
    op.drop_index("message_contact_idx", table_name="message")
    op.drop_table("message")
    op.drop_table("draft")
    op.drop_table("visitor")
    op.drop_index(
        "conversation_unassigned_idx",
        table_name="conversation",
        postgresql_where=sa.text("state = 'open' and assignee_id is null"),
    )
    op.drop_index("conversation_team_idx", table_name="conversation", postgresql_where=sa.text("state = 'open'"))
    op.drop_index("conversation_snoozed_idx", table_name="conversation", postgresql_where=sa.text("state = 'snoozed'"))
    op.drop_index(
        "conversation_resolved_idx", table_name="conversation", postgresql_where=sa.text("state = 'resolved'")
    )
    op.drop_index("conversation_open_idx", table_name="conversation", postgresql_where=sa.text("state = 'open'"))
    op.drop_index("conversation_mine_idx", table_name="conversation", postgresql_where=sa.text("state = 'open'"))
    op.drop_index("conversation_demo_idx", table_name="conversation", postgresql_where=sa.text("demo"))
    op.drop_index("conversation_contact_idx", table_name="conversation")
    op.drop_table("conversation")
    op.drop_index("arrival_quarantined_idx", table_name="arrival", postgresql_where=sa.text("state = 'quarantined'"))
    op.drop_index("arrival_due_idx", table_name="arrival", postgresql_where=sa.text("state = 'kept'"))
    op.drop_table("arrival")
    op.drop_index(op.f("team_member_agent_id_idx"), table_name="team_member")
    op.drop_table("team_member")
    op.drop_index(op.f("sign_in_expires_at_idx"), table_name="sign_in")
    op.drop_index(op.f("sign_in_agent_id_idx"), table_name="sign_in", postgresql_where=sa.text("revoked_at is null"))
    op.drop_table("sign_in")
    op.drop_table("queue")
    op.drop_table("load")
    op.drop_index(op.f("link_expires_at_idx"), table_name="link")
    op.drop_index(op.f("link_agent_id_idx"), table_name="link")
    op.drop_table("link")
    op.drop_table("desk")
    op.drop_index(op.f("contact_point_contact_id_idx"), table_name="contact_point")
    op.drop_table("contact_point")
    op.drop_index(op.f("contact_merge_target_id_idx"), table_name="contact_merge")
    op.drop_index(op.f("contact_merge_source_id_idx"), table_name="contact_merge")
    op.drop_table("contact_merge")
    op.drop_index(op.f("channel_kind_address_idx"), table_name="channel", postgresql_where="archived_at is null")
    op.drop_table("channel")
    op.drop_index(op.f("answered_created_at_idx"), table_name="answered")
    op.drop_table("answered")
    op.drop_index(op.f("access_token_agent_id_idx"), table_name="access_token")
    op.drop_table("access_token")
    op.drop_table("team")
    op.drop_index("entry_reader_idx", table_name="entry")
    op.drop_index("entry_contact_idx", table_name="entry", postgresql_where=sa.text("contact_id is not null and shown"))
    op.drop_table("entry")
    op.drop_index(op.f("demo_mail_address_received_at_idx"), table_name="demo_mail")
    op.drop_table("demo_mail")
    op.drop_table("cursor")
    op.drop_index(op.f("contact_merged_into_id_idx"), table_name="contact")
    op.drop_table("contact")
    op.drop_table("blob")
    op.drop_index(op.f("attempt_ends_at_idx"), table_name="attempt")
    op.drop_table("attempt")
    op.drop_table("agent")
    op.execute("drop sequence arrival_sequence")
