/** Applies frames to a state. Pure. The row with the higher version wins; frames may arrive twice or late. */
import { emptyState, viewsOf, type Typist, type LiveState, type Thread, type ViewKey, type ViewState } from "./state";
import type {
  ChannelItem,
  ConversationPage,
  Event,
  Frame,
  Happened,
  Id,
  Item,
  Listed,
  MessageItem,
  Status,
  TimelinePage,
  Writing,
} from "../api/types";

/** A state under construction: each map is copied on its first change, so that a burst costs one copy. */
class Draft {
  readonly next: { -readonly [K in keyof LiveState]: LiveState[K] };
  private readonly own = new Set<unknown>();

  constructor(state: LiveState) {
    this.next = { ...state };
  }

  map<
    K extends
      "rows" | "views" | "threads" | "agents" | "teams" | "channels" | "kinds" | "viewing" | "writing" | "touched",
  >(name: K): Map<Id, LiveState[K] extends ReadonlyMap<Id, infer V> ? V : never> {
    if (!this.own.has(this.next[name])) {
      (this.next[name] as unknown) = new Map(this.next[name] as ReadonlyMap<Id, never>);
      this.own.add(this.next[name]);
    }
    return this.next[name] as never;
  }

  ids(key: ViewKey): Id[] {
    const view = this.next.views.get(key)!;
    if (this.own.has(view.ids)) return view.ids as Id[];
    const ids = [...view.ids];
    this.own.add(ids);
    this.map("views").set(key, { ...view, ids });
    return ids;
  }
}

// --- views -------------------------------------------------------------------------------------

const instant = (listed: Listed): number => Date.parse(listed.row.last_at);

/** Newest activity first, ties by id: the order of the server's pages. */
export function inOrder(a: Listed, b: Listed): number {
  return instant(b) - instant(a) || (a.row.id < b.row.id ? 1 : -1);
}

function place(rows: ReadonlyMap<Id, Listed>, ids: readonly Id[], listed: Listed): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = rows.get(ids[middle]!);
    if (other && inOrder(other, listed) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function takeOut(draft: Draft, id: Id): void {
  for (const [key, view] of draft.next.views) {
    const at = view.ids.indexOf(id);
    if (at >= 0) draft.ids(key).splice(at, 1);
  }
}

function putIn(draft: Draft, listed: Listed, key: ViewKey): void {
  const view = draft.next.views.get(key);
  if (!view || view.ids.includes(listed.row.id)) return;
  const at = place(draft.next.rows, view.ids, listed);
  if (at === view.ids.length && view.next !== null) return; // below the loaded pages: its page will contain it
  draft.ids(key).splice(at, 0, listed.row.id);
}

function putRow(draft: Draft, listed: Listed): void {
  const { id, version } = listed.row;
  const known = draft.next.rows.get(id);
  if (known && known.row.version > version) return;
  takeOut(draft, id);
  draft.map("rows").set(id, listed);
  for (const key of viewsOf(listed)) putIn(draft, listed, key);
  if (draft.next.gone.has(id)) draft.next.gone = new Set([...draft.next.gone].filter((other) => other !== id));
}

function dropRow(draft: Draft, id: Id): void {
  const known = draft.next.rows.get(id);
  if (!known) return;
  takeOut(draft, id);
  forgetItems(draft, known.row.contact.id, id);
  draft.map("rows").delete(id);
  draft.next.gone = new Set([...draft.next.gone, id]);
}

/** Removes the messages of a conversation that the agent may no longer see from its customer's timeline. */
function forgetItems(draft: Draft, contact: Id, conversation: Id): void {
  const thread = draft.next.threads.get(contact);
  if (!thread) return;
  const items = thread.items.filter((item) => item.conversation_id !== conversation);
  draft.map("threads").set(contact, { ...thread, items });
}

// --- timelines ---------------------------------------------------------------------------------

const ranks: Record<Status, number> = { queued: 0, sending: 1, doubtful: 2, failed: 3, sent: 4, delivered: 5, read: 6 };
const rank = (item: MessageItem): number => (item.removed ? 9 : item.status ? ranks[item.status] : 0);

/** Returns the newer of two copies of one item. */
const further = (known: Item | undefined, item: Item): Item =>
  known?.type === "message" && item.type === "message" && rank(known) > rank(item) ? known : item;

function merged(known: readonly Item[], items: readonly Item[], certain: boolean): Item[] {
  const all = new Map(known.map((item) => [item.id, item]));
  for (const item of items) all.set(item.id, certain ? item : further(all.get(item.id), item));
  return [...all.values()].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

function putItem(draft: Draft, item: Item): void {
  const thread = draft.next.threads.get(item.contact_id);
  if (!thread) return;
  const last = thread.items.at(-1);
  const isNew = !last || item.key > last.key;
  const items = isNew ? [...thread.items, item] : merged(thread.items, [item], true);
  draft.map("threads").set(item.contact_id, { ...thread, items });
}

// --- frames ------------------------------------------------------------------------------------

function stopTyping(draft: Draft, conversation: Id, who: Id): void {
  const typists = draft.next.writing.get(conversation);
  if (!typists?.has(who)) return;
  const left = new Map(typists);
  left.delete(who);
  draft.map("writing").set(conversation, left);
}

function touch(draft: Draft, contact: Id): void {
  draft.map("touched").set(contact, (draft.next.touched.get(contact) ?? 0) + 1);
}

function putChannel(draft: Draft, channel: ChannelItem): void {
  draft.map("channels").set(channel.id, channel);
  draft.map("kinds").set(channel.kind, channel.appearance);
}

/** Changes a person's name on all their messages, too. */
function rename(draft: Draft, who: Id, name: string): void {
  const stale = (item: Item): boolean => item.author.id === who && item.author.name !== name;
  for (const [contact, thread] of draft.next.threads) {
    if (!thread.items.some(stale)) continue;
    const items = thread.items.map((item) => (stale(item) ? { ...item, author: { ...item.author, name } } : item));
    draft.map("threads").set(contact, { ...thread, items });
  }
}

/** Drops the timelines of merged or separated customers; screens that show them load them again. */
function rearrange(draft: Draft, source: Id, target: Id): void {
  for (const contact of [source, target]) {
    draft.map("threads").delete(contact);
    touch(draft, contact);
  }
}

function consequences(draft: Draft, event: Event, frame: Happened): void {
  if (frame.agent) rename(draft, frame.agent.id, frame.agent.name);
  if (event.type === "contact_changed") {
    touch(draft, event.contact_id);
    if (frame.listed) rename(draft, event.contact_id, frame.listed.row.contact.name);
  } else if (event.type === "channel_changed" && !frame.channel) draft.map("channels").delete(event.channel_id);
  else if (event.type === "team_changed" && !frame.team) draft.map("teams").delete(event.team_id);
  else if (event.type === "contacts_merged" || event.type === "contacts_unmerged")
    rearrange(draft, event.source_id, event.target_id);
  else if (event.type === "tags_changed") {
    const fresh = event.added.filter((tag) => !draft.next.tags.includes(tag));
    if (fresh.length > 0) draft.next.tags = [...draft.next.tags, ...fresh].sort();
  } else if (event.type === "message_received" && frame.conversation_id) stopTyping(draft, frame.conversation_id, "");
  else if (frame.item?.type === "message" && frame.conversation_id && frame.item.author.id)
    stopTyping(draft, frame.conversation_id, frame.item.author.id);
}

/** A conversation new to this agent has a history: drops its customer's timeline, so that it is loaded again. */
function comesIntoSight(draft: Draft, listed: Listed): void {
  if (!draft.next.rows.has(listed.row.id)) draft.map("threads").delete(listed.row.contact.id);
}

function happened(draft: Draft, frame: Happened): void {
  if (frame.listed && frame.event.type === "conversation_assigned") comesIntoSight(draft, frame.listed);
  if (frame.listed) putRow(draft, frame.listed);
  else if (frame.conversation_id) dropRow(draft, frame.conversation_id);
  if (frame.item) putItem(draft, frame.item);
  if (frame.agent) draft.map("agents").set(frame.agent.id, frame.agent);
  if (frame.team) draft.map("teams").set(frame.team.id, frame.team);
  if (frame.channel) putChannel(draft, frame.channel);
  consequences(draft, frame.event, frame);
  draft.next.cursor = frame.cursor;
}

export const TYPING_LASTS_MS = 6000;

function startTyping(draft: Draft, frame: Writing, now: number): void {
  const typists = new Map<Id, Typist>(draft.next.writing.get(frame.conversation_id));
  typists.set(frame.agent_id ?? "", { mode: frame.mode, until: now + TYPING_LASTS_MS });
  draft.map("writing").set(frame.conversation_id, typists);
}

function apply(draft: Draft, frame: Frame, now: number): void {
  switch (frame.type) {
    case "happened":
      return happened(draft, frame);
    case "counted":
      draft.next.counts = frame.counts;
      return;
    case "present":
      draft.next.online = new Set(frame.online);
      return;
    case "viewing":
      draft.map("viewing").set(frame.conversation_id, frame.agents);
      return;
    case "writing":
      return startTyping(draft, frame, now);
    case "reset":
      draft.next.cursor = frame.cursor;
      draft.next.resets += 1;
  }
}

export function reduce(state: LiveState, frames: readonly Frame[], now = Date.now()): LiveState {
  const draft = new Draft(state);
  for (const frame of frames) apply(draft, frame, now);
  return draft.next;
}

/** Removes people who have stopped typing without sending a message. */
export function expire(state: LiveState, now = Date.now()): LiveState {
  const stale = [...state.writing].filter(([, typists]) => [...typists.values()].some((typist) => typist.until <= now));
  if (stale.length === 0) return state;
  const writing = new Map(state.writing);
  for (const [conversation, typists] of stale) {
    const left = new Map([...typists].filter(([, typist]) => typist.until > now));
    if (left.size > 0) writing.set(conversation, left);
    else writing.delete(conversation);
  }
  return { ...state, writing };
}

// --- responses ---------------------------------------------------------------------------------

/** Stores a row from a response or an optimistic action. */
export function withListed(state: LiveState, listed: Listed): LiveState {
  const draft = new Draft(state);
  putRow(draft, listed);
  return draft.next;
}

/** Adds a page to a view; a first page replaces the view. */
export function withPage(state: LiveState, key: ViewKey, page: ConversationPage, first: boolean): LiveState {
  const draft = new Draft(state);
  const fresh = page.items.filter((item) => !state.gone.has(item.row.id));
  for (const item of fresh) {
    const known = draft.next.rows.get(item.row.id);
    if (!known || known.row.version <= item.row.version) draft.map("rows").set(item.row.id, item);
  }
  const before = first ? [] : (state.views.get(key)?.ids ?? []);
  const belongs = (id: Id): boolean => viewsOf(draft.next.rows.get(id)!).includes(key);
  const named = fresh.map((item) => item.row.id).filter((id) => belongs(id) || !isOlder(state, page, id));
  const ids = [...new Set([...before, ...named])].sort((a, b) =>
    inOrder(draft.next.rows.get(a)!, draft.next.rows.get(b)!),
  );
  draft.map("views").set(key, { ids, next: page.next } satisfies ViewState);
  return draft.next;
}

/** Whether the page has an older version of a row than the state. */
function isOlder(state: LiveState, page: ConversationPage, id: Id): boolean {
  const known = state.rows.get(id);
  const shown = page.items.find((item) => item.row.id === id);
  return Boolean(known && shown && known.row.version > shown.row.version);
}

/** Adds a page to a customer's timeline: the newest one, or one above the loaded pages. */
export function withTimeline(state: LiveState, contact: Id, page: TimelinePage, older: boolean): LiveState {
  const known: Thread | undefined = state.threads.get(contact);
  const items = merged(known?.items ?? [], page.items, false);
  const previous = older || !known ? page.previous : known.previous;
  return { ...state, threads: new Map(state.threads).set(contact, { items, previous }) };
}

/** Drops all lists and timelines, so that they are loaded again. */
export function withoutPages(state: LiveState): LiveState {
  return {
    ...state,
    rows: emptyState.rows,
    gone: emptyState.gone,
    views: emptyState.views,
    threads: emptyState.threads,
  };
}
