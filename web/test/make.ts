/** Small objects for tests. */
import type { ConversationPage, Event, Happened, Listed, MessageItem, Row } from "../api/types";

let count = 0;

export function listed(id: string, change: Partial<Row> = {}, views: string[] = ["mine", "open"], read = 0): Listed {
  const row: Row = {
    id,
    number: 1,
    version: 1,
    contact: { id: `c-${id}`, name: "Ana" },
    subject: null,
    preview: "",
    last_direction: "inbound",
    last_at: "2026-03-01T10:00:00Z",
    channel_id: "ch",
    channel_kind: "any",
    state: "open",
    snoozed_until: null,
    waiting_since: null,
    assignee_id: null,
    team_id: null,
    tags: [],
    inbound_count: 0,
    ...change,
  };
  return { row, mine: { views, inbound_read: read, draft: false } };
}

export function message(id: string, key: string, change: Partial<MessageItem> = {}): MessageItem {
  return {
    type: "message",
    id,
    conversation_id: "a",
    contact_id: "c-a",
    key,
    at: "2026-03-01T10:00:00Z",
    direction: "inbound",
    author: { kind: "contact", id: "c-a", name: "Ana" },
    channel_id: "ch",
    channel_kind: "any",
    to: null,
    cc: [],
    subject: null,
    text: id,
    quoted: false,
    original: false,
    attachments: [],
    automatic: false,
    unreadable: null,
    status: null,
    status_detail: null,
    reason: null,
    send_at: null,
    delivery_id: null,
    removed: false,
    mentions: [],
    ...change,
  };
}

export function happened(
  change: Partial<Happened> = {},
  event: Event = { type: "message_received", message_id: "m" },
): Happened {
  count += 1;
  return {
    type: "happened",
    cursor: `${count}.1`,
    event,
    conversation_id: change.listed?.row.id ?? null,
    contact_id: null,
    listed: null,
    item: null,
    agent: null,
    team: null,
    channel: null,
    ...change,
  };
}

export const page = (items: Listed[], next: string | null = null): ConversationPage => ({ cursor: "1.0", items, next });
