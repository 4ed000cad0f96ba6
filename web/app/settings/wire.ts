/** What the hub says to those who set it up: people, teams, channels, the out-tray. */
import type { AttachmentRule, Id, Instant, Role } from "../../api/types";
import type { JsonSchema } from "./channels/schemaForm";

export interface AgentAdmin {
  id: Id; name: string; email: string | null; kind: "person" | "bot"; role: Role; team_ids: Id[]; language: string;
  disabled: boolean; invited: boolean; last_seen_at: Instant | null;
}
export interface AgentMade { agent: AgentAdmin; invitation_url: string | null }
export interface TeamAdmin { id: Id; name: string; member_ids: Id[] }
export interface Token {
  id: Id; name: string; scopes: string[]; prefix: string; created_at: Instant; expires_at: Instant | null;
  last_used_at: Instant | null;
}
export interface TokenMade extends Token { token: string }
export interface SessionItem {
  id: Id; created_at: Instant; last_seen_at: Instant; user_agent: string; address: string; current: boolean;
}

export interface Carries {
  max_chars: number | null; attachments: AttachmentRule | null; receipts: string[]; live: boolean; typing: boolean; subject: boolean;
}
export interface Kind { kind: string; capabilities: Carries; schema: JsonSchema; listens: boolean; sends: boolean }
export interface Health {
  state: "ok" | "failing" | "new" | "paused"; last_in_at: Instant | null; last_out_at: Instant | null;
  error: string | null; error_at: Instant | null;
}
export interface ChannelAdmin {
  id: Id; kind: string; name: string; address: string; team_id: Id | null; settings: Record<string, unknown>;
  secrets_set: string[]; paused: boolean; health: Health; capabilities: Carries; embed: { key?: string; snippet?: string } | null;
}
export interface Verdict { ok: boolean; detail: string }

export type Tray = "due" | "doubtful" | "failed" | "sent";
export interface HistoryLine { at: Instant; what: string; detail: string }
export interface DeliveryItem {
  id: Id; message_id: Id; conversation_id: Id; contact: string; channel_id: Id; to: string; state: string;
  attempts: number; due_at: Instant; error: string | null; code: string | null; created_at: Instant; history: HistoryLine[];
}
export interface ArrivalItem {
  id: Id; channel_id: Id; received_at: Instant; attempts: number; error: string | null; size: number;
}
export interface Page<T> { items: T[]; next: string | null }
