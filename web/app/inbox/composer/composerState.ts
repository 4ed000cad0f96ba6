/** What lies on the desk for each conversation: text, channel, files; kept while one walks between conversations. */
import { reactive } from "vue";
import type { AttachmentItem, ConversationDetail, Id, Reach } from "../../../api/types";

export interface DeskFile {
  key: string;
  name: string;
  size: number;
  progress: number;
  item: AttachmentItem | null;
  failed: string | null;
  abort: () => void;
}

export interface Desk {
  mode: "reply" | "note";
  reach: string | null; // reachKey of the chosen way
  text: string;
  note: string;
  subject: string | null; // null: not touched, the server continues the thread's
  cc: string;
  files: DeskFile[];
  seen: Id | null; // the newest message on screen when writing began
  force: boolean;
  filled: boolean;
  asked: "send" | "resolve" | null; // a reply sent before the conversation was there; it goes when that has come
}

const desks = reactive(new Map<Id, Desk>());

export function deskOf(id: Id): Desk {
  if (!desks.has(id)) {
    desks.set(id, {
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
      asked: null,
    });
  }
  return desks.get(id)!;
}

export const reachKey = (reach: Reach): string => `${reach.channel_id} ${reach.point_id}`;

/** The way to answer to begin with: where the newest draft lies, else where the customer wrote last. */
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

/** Lays out what the server keeps, once; what is on the desk already stays. */
export function fill(desk: Desk, detail: ConversationDetail): void {
  const reach = detail.reach.find((one) => reachKey(one) === desk.reach) ?? firstReach(detail);
  desk.reach = reach ? reachKey(reach) : null;
  if (desk.filled) return;
  desk.filled = true;
  const reply = detail.drafts.find((draft) => draft.channel_id !== null && draft.channel_id === reach?.channel_id);
  const note = detail.drafts.find((draft) => draft.channel_id === null);
  if (!desk.text && reply) Object.assign(desk, { text: reply.text, subject: reply.subject });
  if (!desk.note && note) desk.note = note.text;
  if (note && note.text && !reply && !desk.text) desk.mode = "note";
}

/** Characters as people count them, not code units. */
export const lengthOf = (text: string): number => [...text].length;
