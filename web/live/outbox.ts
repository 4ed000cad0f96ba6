/** Unconfirmed messages: shown at once, sent in order, and kept while the connection is down. */
import { Problem } from "../api/client";
import type { Id, MessageItem } from "../api/types";

export interface Pending {
  item: MessageItem; // as it will look; its id is the message's id
  path: string;
  body: Readonly<Record<string, unknown>>;
  state: "sending" | "waiting";
}

export interface OutboxOptions {
  post: (path: string, body: unknown, key: string) => Promise<MessageItem>;
  confirmed: (item: MessageItem) => void;
  refused: (pending: Pending, problem: Problem) => void;
  changed: (pending: readonly Pending[]) => void;
  storage?: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  name?: string;
}

export interface Outbox {
  send(item: MessageItem, path: string, body: Readonly<Record<string, unknown>>): Promise<void>;
  /** Sends the waiting messages again after a reconnection, oldest first. */
  flush(): Promise<void>;
  discard(id: Id): void;
  pending(): readonly Pending[];
}

export function createOutbox(options: OutboxOptions): Outbox {
  const { post, confirmed, refused, changed, storage, name = "hub.outbox" } = options;
  let list: readonly Pending[] = recall();
  let flushing = false;

  function recall(): readonly Pending[] {
    try {
      const kept = JSON.parse(storage?.getItem(name) ?? "[]") as Pending[];
      return kept.map((pending) => ({ ...pending, state: "waiting" }));
    } catch {
      return [];
    }
  }

  function set(next: readonly Pending[]): void {
    list = next;
    if (list.length > 0) storage?.setItem(name, JSON.stringify(list));
    else storage?.removeItem(name);
    changed(list);
  }

  const mark = (id: Id, state: Pending["state"]): void =>
    set(list.map((pending) => (pending.item.id === id ? { ...pending, state } : pending)));
  const discard = (id: Id): void => set(list.filter((pending) => pending.item.id !== id));

  /** True if the message was accepted or refused; false if it has to wait. */
  async function attempt(pending: Pending): Promise<boolean> {
    const { id } = pending.item;
    mark(id, "sending");
    try {
      const item = await post(pending.path, pending.body, id);
      discard(id);
      confirmed(item);
      return true;
    } catch (reason) {
      const problem = reason instanceof Problem ? reason : new Problem(500, { detail: String(reason) });
      if (problem.offline) {
        mark(id, "waiting");
        return false;
      }
      discard(id);
      refused(pending, problem);
      return true;
    }
  }

  async function flush(): Promise<void> {
    if (flushing) return;
    flushing = true;
    try {
      for (const pending of list.filter((one) => one.state === "waiting")) {
        if (!(await attempt(pending))) break;
      }
    } finally {
      flushing = false;
    }
  }

  async function send(item: MessageItem, path: string, body: Readonly<Record<string, unknown>>): Promise<void> {
    const waiting = list.some((one) => one.state === "waiting" && one.item.conversation_id === item.conversation_id);
    const pending: Pending = { item, path, body, state: waiting ? "waiting" : "sending" };
    set([...list, pending]);
    if (waiting) await flush();
    else await attempt(pending);
  }

  return { send, flush, discard, pending: () => list };
}
