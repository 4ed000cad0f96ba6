/** The shapes on the wire, as hub/inbox/wire.py and hub/timeline/events.py say them; names are the same. */

export type Id = string;
export type Instant = string; // RFC 3339, UTC
export type Intent = "available" | "away" | "offline";
export type State = "open" | "snoozed" | "resolved";
export type Direction = "inbound" | "outbound" | "internal";
export type Status = "queued" | "sending" | "doubtful" | "failed" | "sent" | "delivered" | "read";

export interface ContactName { id: Id; name: string }

export interface Row {
  id: Id; number: number; version: number; contact: ContactName; subject: string | null; preview: string;
  last_direction: Direction; last_at: Instant; channel_id: Id | null; channel_kind: string | null; state: State;
  snoozed_until: Instant | null; waiting_since: Instant | null; assignee_id: Id | null; team_id: Id | null;
  tags: string[]; inbound_count: number;
}
export interface Mine { views: string[]; inbound_read: number; draft: boolean }
export interface Listed { row: Row; mine: Mine }
export interface ConversationPage { cursor: string; items: Listed[]; next: string | null }

export interface Author { kind: "contact" | "agent" | "bot" | "system"; id: Id | null; name: string }
export interface AttachmentItem {
  id: Id; filename: string; media_type: string; size: number; inline: boolean; preview: boolean;
}
export interface MessageItem {
  type: "message"; id: Id; conversation_id: Id; contact_id: Id; key: string; at: Instant; direction: Direction;
  author: Author; channel_id: Id | null; channel_kind: string | null; to: string | null; cc: string[];
  subject: string | null; text: string; quoted: boolean; original: boolean; attachments: AttachmentItem[];
  automatic: boolean; unreadable: string | null; status: Status | null; status_detail: string | null;
  send_at: Instant | null; delivery_id: Id | null; removed: boolean; mentions: Id[];
}
export interface EventItem {
  type: "event"; id: string; conversation_id: Id; contact_id: Id; key: string; at: Instant; author: Author; event: Event;
}
export type Item = MessageItem | EventItem;
export interface TimelinePage { cursor: string; items: Item[]; previous: string | null }

export interface Reach {
  channel_id: Id; channel_kind: string; channel_name: string; from_address: string; point_id: Id; to_address: string;
  to_name: string | null; verified: boolean; last_used: boolean; closed: string | null;
}
export interface DraftItem { channel_id: Id | null; text: string; subject: string | null; updated_at: Instant }
export interface ConversationDetail {
  cursor: string; listed: Listed; reach: Reach[]; drafts: DraftItem[]; why: string[];
}

export interface Counts {
  mine: number; unassigned: number; mentions: number; snoozed: number; open: number;
  teams: Record<Id, number>; channels: Record<Id, number>;
}
export interface AgentItem {
  id: Id; name: string; kind: "person" | "bot"; role: string; team_ids: Id[]; intent: Intent; online: boolean;
  disabled: boolean;
}
export interface TeamItem { id: Id; name: string }
export interface AttachmentRule { max_count: number; max_bytes: number; max_total_bytes: number; media_types: string[] }
/** What the composer reads of a channel's capabilities; the rest is carried along. */
export interface Capabilities {
  scheme?: string; max_chars?: number | null; formatting?: "none" | "markdown" | "html"; attachments?: AttachmentRule;
  subject?: boolean; typing?: boolean; live?: boolean; undo?: number | string; receipts?: string[];
}
export interface ChannelItem {
  id: Id; kind: string; name: string; address: string; team_id: Id | null; paused: boolean; capabilities: Capabilities;
}
export interface InboxState {
  cursor: string; counts: Counts; agents: AgentItem[]; teams: TeamItem[]; channels: ChannelItem[]; tags: string[];
}

export type Event =
  | { type: "conversation_opened"; conversation_id: Id }
  | { type: "message_received"; message_id: Id }
  | { type: "message_queued"; message_id: Id; send_at: Instant }
  | { type: "message_unsent"; message_id: Id }
  | { type: "message_moved"; message_id: Id; status: Status; detail: string | null }
  | { type: "note_added"; message_id: Id; mentions: Id[] }
  | { type: "conversation_assigned"; agent_id: Id | null; team_id: Id | null; reasons: string[] }
  | { type: "conversation_resolved"; wrap_up: string | null }
  | { type: "conversation_reopened"; by_customer: boolean }
  | { type: "conversation_snoozed"; until: Instant }
  | { type: "conversation_woken"; by_customer: boolean }
  | { type: "tags_changed"; added: string[]; removed: string[] }
  | { type: "read_marked"; agent_id: Id; inbound_read: number }
  | { type: "draft_kept"; agent_id: Id }
  | { type: "draft_dropped"; agent_id: Id }
  | { type: "contact_changed"; contact_id: Id }
  | { type: "contacts_merged"; source_id: Id; target_id: Id; reason: string }
  | { type: "contacts_unmerged"; source_id: Id; target_id: Id }
  | { type: "agent_changed"; agent_id: Id }
  | { type: "team_changed"; team_id: Id }
  | { type: "channel_changed"; channel_id: Id }
  | { type: "availability_changed"; agent_id: Id; intent: string };

export interface Happened {
  type: "happened"; cursor: string; event: Event; conversation_id: Id | null; contact_id: Id | null;
  listed: Listed | null; item: Item | null; agent: AgentItem | null; team: TeamItem | null; channel: ChannelItem | null;
}
export interface Counted { type: "counted"; counts: Counts }
export interface Present { type: "present"; online: Id[] }
export interface Viewing { type: "viewing"; conversation_id: Id; agents: Id[] }
export interface Writing { type: "writing"; conversation_id: Id; agent_id: Id | null; mode: "reply" | "note" }
export interface Reset { type: "reset"; reason: "too_old" | "rights_changed"; cursor: string }
export type Frame = Happened | Counted | Present | Viewing | Writing | Reset;

export interface Look { type: "look"; conversation_id: Id | null }
export interface Type { type: "type"; conversation_id: Id; mode: "reply" | "note" }
export type Command = Look | Type;

export type Role = "owner" | "admin" | "supervisor" | "agent" | "auditor" | "bot";
export type Theme = "system" | "light" | "dark";
export interface Me {
  id: Id; name: string; email: string | null; role: Role; language: "en" | "es"; time_zone: string; theme: Theme;
  single_keys: boolean; undo_seconds: number | null; teams: TeamItem[]; csrf: string; intent: Intent; demo: boolean;
  rights: string[]; has_password: boolean;
}
export interface LinkItem { purpose: "invitation" | "reset" | "sign_in"; name: string; email: string }
export interface PointItem { id: Id; scheme: string; value: string; verified: boolean }
export interface ContactDetail {
  id: Id; name: string; language: string | null; time_zone: string | null; created_at: Instant; points: PointItem[];
  conversations: Row[]; conversation_count: number;
}
export interface SearchResult {
  contacts: { id: Id; name: string; points: (PointItem | string)[] }[]; conversations: Listed[];
}
