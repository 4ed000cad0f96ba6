/** The unsent text, channel and files of each conversation. Kept while the agent opens other conversations. */
import { reactive } from "vue";
import type { AttachmentItem, ConversationDetail, Id, Reach } from "../../../api/types";

export interface ComposerFile {
  key: string;
  name: string;
  size: number;
  progress: number;
  item: AttachmentItem | null;
  failed: string | null;
  abort: () => void;
}

export interface ComposerState {
  mode: "reply" | "note";
  reach: string | null; // reachKey of the chosen channel and address
  text: string;
  note: string;
  subject: string | null; // null: unchanged, the server continues the thread's
  cc: string;
  files: ComposerFile[];
  seen: Id | null; // the newest message on screen when writing began
  force: boolean;
  filled: boolean;
  sendOnceLoaded: "send" | "resolve" | null; // a reply sent before its conversation had loaded
}

const states = reactive(new Map<Id, ComposerState>());

export function composerOf(id: Id): ComposerState {
  if (!states.has(id)) {
    states.set(id, {
      mode: "reply",
      reach: null,
      text: "",
      note: "",
      subject: null,
      cc: "",
      files: [],
      seen: null,
      force: false,
      filled: false,
      sendOnceLoaded: null,
    });
  }
  return states.get(id)!;
}

export const reachKey = (reach: Reach): string => `${reach.channel_id} ${reach.point_id}`;

/** Where a reply goes unless the agent chooses: the channel of the newest draft, else where the customer wrote last. */
export function firstReach(detail: ConversationDetail): Reach | null {
  const drafted = detail.drafts
    .filter((draft) => draft.channel_id !== null && draft.text)
    .sort((a, b) => Date.parse(b.updated_at) - Date.parse(a.updated_at))[0];
  const open = detail.reach.filter((reach) => !reach.closed);
  return (
    open.find((reach) => reach.channel_id === drafted?.channel_id) ??
    open.find((reach) => reach.last_used) ??
    open[0] ??
    detail.reach[0] ??
    null
  );
}

/** Fills an empty composer with the drafts stored on the server, once; text that was already typed stays. */
export function fill(composer: ComposerState, detail: ConversationDetail): void {
  const reach = detail.reach.find((one) => reachKey(one) === composer.reach) ?? firstReach(detail);
  composer.reach = reach ? reachKey(reach) : null;
  if (composer.filled) return;
  composer.filled = true;
  const reply = detail.drafts.find((draft) => draft.channel_id !== null && draft.channel_id === reach?.channel_id);
  const note = detail.drafts.find((draft) => draft.channel_id === null);
  if (!composer.text && reply) Object.assign(composer, { text: reply.text, subject: reply.subject });
  if (!composer.note && note) composer.note = note.text;
  if (note && note.text && !reply && !composer.text) composer.mode = "note";
}

/** Counts characters as people do, not code units. */
export const lengthOf = (text: string): number => [...text].length;
