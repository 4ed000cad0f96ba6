/** A timeline's items as the lines on screen: days, conversations, runs of messages, events, the unread mark. Pure. */
import type { EventItem, Id, Item, MessageItem } from "../../../api/types";
import type { Pending } from "../../../live/outbox";

export type Line =
  | { kind: "day"; key: string; at: string }
  | { kind: "conversation"; key: string; id: Id; current: boolean; subject: string | null }
  | { kind: "unread"; key: string; count: number }
  | {
      kind: "message";
      key: string;
      item: MessageItem;
      head: boolean;
      pending: Pending["state"] | null;
      current: boolean;
    }
  | { kind: "event"; key: string; item: EventItem };

export interface LineOptions {
  conversation: Id;
  unread: number;
  pending: readonly Pending[];
  dateKey: (at: string) => string;
}

const RUN = 15 * 60_000;
const silent = new Set(["conversation_opened"]); // the first message shows the same

/** Whether a message continues the one above: same author, channel and direction, soon after. */
function continues(above: MessageItem | null, item: MessageItem): boolean {
  return (
    Boolean(above) &&
    above!.author.id === item.author.id &&
    above!.author.kind === item.author.kind &&
    above!.channel_id === item.channel_id &&
    above!.direction === item.direction &&
    above!.conversation_id === item.conversation_id &&
    Date.parse(item.at) - Date.parse(above!.at) < RUN
  );
}

/** The id of the first message the agent has not read in this conversation. */
function firstUnread(items: readonly Item[], conversation: Id, count: number): Id | null {
  if (count <= 0) return null;
  const inbound = items.filter(
    (item) => item.type === "message" && item.direction === "inbound" && item.conversation_id === conversation,
  );
  return inbound.at(-count)?.id ?? inbound[0]?.id ?? null;
}

function subjectOf(items: readonly Item[], conversation: Id): string | null {
  const found = items.find((item) => item.type === "message" && item.conversation_id === conversation && item.subject);
  return found?.type === "message" ? found.subject : null;
}

export function linesOf(items: readonly Item[], options: LineOptions): Line[] {
  const { conversation, unread, pending, dateKey } = options;
  const known = new Set(items.map((item) => item.id));
  const waiting = pending.filter((one) => !known.has(one.item.id));
  const states = new Map(waiting.map((one) => [one.item.id, one.state]));
  const several = new Set(items.map((item) => item.conversation_id)).size > 1;
  const mark = firstUnread(items, conversation, unread);
  const lines: Line[] = [];
  let day = "";
  let at: Id = "";
  let above: MessageItem | null = null;
  for (const item of [...items, ...waiting.map((one) => one.item)]) {
    if (item.type === "event" && silent.has(item.event.type)) continue;
    if (item.type === "message" && item.removed) continue;
    const today = dateKey(item.at);
    if (today !== day) lines.push({ kind: "day", key: `day ${today} ${item.id}`, at: item.at });
    if (several && item.conversation_id !== at) {
      lines.push({
        kind: "conversation",
        key: `c ${item.conversation_id} ${item.id}`,
        id: item.conversation_id,
        current: item.conversation_id === conversation,
        subject: subjectOf(items, item.conversation_id),
      });
    }
    if (item.id === mark) lines.push({ kind: "unread", key: "unread", count: unread });
    const fresh = today !== day || item.conversation_id !== at || item.id === mark;
    day = today;
    at = item.conversation_id;
    if (item.type === "event") {
      lines.push({ kind: "event", key: `e ${item.id}`, item });
      above = null;
    } else {
      const current = item.conversation_id === conversation;
      lines.push({
        kind: "message",
        key: item.id,
        item,
        head: fresh || !continues(above, item),
        pending: states.get(item.id) ?? null,
        current,
      });
      above = item;
    }
  }
  return lines;
}
