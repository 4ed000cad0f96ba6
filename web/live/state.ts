/** The state of the inbox: rows by id, views as lists of ids, one timeline for each customer. */
import type { AgentItem, Appearance, ChannelItem, Counts, Id, InboxState, Item, Listed, TeamItem } from "../api/types";

/** "mine", "unassigned", …, or "team:ID", "channel:ID". */
export type ViewKey = string;

export interface ViewState {
  ids: readonly Id[];
  next: string | null;
}
export interface Thread {
  items: readonly Item[];
  previous: string | null;
}
export interface Typist {
  mode: "reply" | "note";
  until: number;
}

export interface LiveState {
  cursor: string;
  rows: ReadonlyMap<Id, Listed>;
  gone: ReadonlySet<Id>;
  views: ReadonlyMap<ViewKey, ViewState>;
  threads: ReadonlyMap<Id, Thread>;
  counts: Counts;
  agents: ReadonlyMap<Id, AgentItem>;
  teams: ReadonlyMap<Id, TeamItem>;
  channels: ReadonlyMap<Id, ChannelItem>;
  /** kind → how it looks, for all channels there have been. */
  kinds: ReadonlyMap<string, Appearance>;
  tags: readonly string[];
  online: ReadonlySet<Id>;
  viewing: ReadonlyMap<Id, readonly Id[]>;
  /** conversation → people who are typing; the customer's key is "". */
  writing: ReadonlyMap<Id, ReadonlyMap<Id, Typist>>;
  /** contact → number of changes; screens that show the contact load it again. */
  touched: ReadonlyMap<Id, number>;
  resets: number;
}

const none: Counts = { mine: 0, unassigned: 0, mentions: 0, snoozed: 0, open: 0, teams: {}, channels: {} };

export const emptyState: LiveState = {
  cursor: "",
  rows: new Map(),
  gone: new Set(),
  views: new Map(),
  threads: new Map(),
  counts: none,
  agents: new Map(),
  teams: new Map(),
  channels: new Map(),
  kinds: new Map(),
  tags: [],
  online: new Set(),
  viewing: new Map(),
  writing: new Map(),
  touched: new Map(),
  resets: 0,
};

const byId = <T extends { id: Id }>(items: readonly T[]): Map<Id, T> => new Map(items.map((item) => [item.id, item]));

/** The state with the data that the inbox needs before its first list. */
export function begin(state: LiveState, inbox: InboxState): LiveState {
  return {
    ...state,
    cursor: inbox.cursor,
    counts: inbox.counts,
    agents: byId(inbox.agents),
    teams: byId(inbox.teams),
    channels: byId(inbox.channels),
    kinds: new Map(Object.entries(inbox.kinds)),
    tags: inbox.tags,
    online: new Set(inbox.agents.filter((agent) => agent.online).map((agent) => agent.id)),
  };
}

/** The views that contain this conversation for this agent, with "team:ID" and "channel:ID". */
export const viewsOf = ({ mine }: Listed): readonly ViewKey[] => mine.views;

export const unread = ({ row, mine }: Listed): number => Math.max(0, row.inbound_count - mine.inbound_read);
