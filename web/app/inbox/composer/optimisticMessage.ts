/** Messages as they will look, created here so that they show at once. Pure apart from the clock and the id. */
import { uuid } from "../../../text/uuid";
import type { AttachmentItem, Id, Me, MessageItem, Reach, Row } from "../../../api/types";

export interface Reply {
  reach: Reach;
  text: string;
  subject: string | null;
  cc: string[];
  files: AttachmentItem[];
}

function draftItem(row: Row, me: Me, text: string): MessageItem {
  return {
    type: "message",
    id: uuid(),
    conversation_id: row.id,
    contact_id: row.contact.id,
    key: "~",
    at: new Date().toISOString(),
    direction: "internal",
    author: { kind: "agent", id: me.id, name: me.name },
    channel_id: null,
    channel_kind: null,
    to: null,
    cc: [],
    subject: null,
    text,
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
  };
}

export const noteItem = (row: Row, me: Me, text: string, mentions: Id[]): MessageItem => ({
  ...draftItem(row, me, text),
  mentions,
});

export function replyItem(row: Row, me: Me, reply: Reply): MessageItem {
  return {
    ...draftItem(row, me, reply.text),
    direction: "outbound",
    channel_id: reply.reach.channel_id,
    channel_kind: reply.reach.channel_kind,
    to: reply.reach.to_address,
    cc: reply.cc,
    subject: reply.subject,
    attachments: reply.files,
  };
}

export const readAddresses = (text: string): string[] =>
  text
    .split(/[,;\s]+/)
    .map((one) => one.trim())
    .filter((one) => one.includes("@"));
