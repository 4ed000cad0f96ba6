// The chat's data in this browser: token, messages, outbox. It survives reloads and lost connections.
import type { ChatConfig, ChatFile } from "../api/types";
import { further, isAfter, type Line } from "./protocol";

const KEPT_LINES = 100;

export interface Pending {
  id: string;
  text: string;
  attachments: ChatFile[];
  at: string;
  refused?: string; // the hub's error code: the message was refused
}

export interface Memory {
  token: string | null;
  who: string | null; // the shop's id of the signed-in customer whose token this is
  cursor: string | null;
  seen: string; // cursor of the last message that was on the screen
  readUpto: string | null;
  config: ChatConfig | null;
  introduced: boolean;
  lines: Line[];
  outbox: Pending[];
}

const EMPTY: Memory = {
  token: null,
  who: null,
  cursor: null,
  seen: "0.0",
  readUpto: null,
  config: null,
  introduced: false,
  lines: [],
  outbox: [],
};

export class Store {
  memory: Memory;

  readonly #key: string;
  #storage: Storage | null;

  constructor(key: string, storage: Storage | null) {
    this.#key = key;
    this.#storage = storage;
    this.memory = this.#load();
  }

  /** Read the changes of another tab of this browser; messages seen in either stay seen. */
  refresh(told = "0.0"): this {
    const { token, seen } = this.memory;
    this.memory = this.#load();
    if (token === this.memory.token) this.memory.seen = further(further(seen, told), this.memory.seen);
    return this;
  }

  /** Delete all data of the previous person: another one is signed in, or none. */
  forget(who: string | null = null): void {
    this.memory = { ...EMPTY, config: this.memory.config, who };
    this.#save();
  }

  admit(token: string): void {
    this.update({ token });
  }

  say(text: string, attachments: ChatFile[] = []): Pending {
    const pending = { id: crypto.randomUUID(), text, attachments, at: new Date().toISOString() };
    this.refresh().update({ outbox: [...this.memory.outbox, pending] });
    return pending;
  }

  /** The hub has stored the message: move it from the outbox into the conversation. */
  acked(id: string, at: string): void {
    const pending = this.refresh().memory.outbox.find((p) => p.id === id);
    const outbox = this.memory.outbox.filter((p) => p.id !== id);
    if (!pending) return this.update({ outbox });
    const line: Line = {
      id,
      from: "me",
      author: null,
      text: pending.text,
      attachments: pending.attachments,
      at,
      cursor: "0.0",
      read: false,
    };
    const known = this.memory.lines.some((l) => l.id === id);
    this.update({ outbox, lines: known ? this.memory.lines : inOrder([...this.memory.lines, line]) });
  }

  refused(id: string, code: string): void {
    this.refresh().update({ outbox: this.memory.outbox.map((p) => (p.id === id ? { ...p, refused: code } : p)) });
  }

  drop(id: string): void {
    this.refresh().update({ outbox: this.memory.outbox.filter((p) => p.id !== id) });
  }

  /** Apply the hub's messages by id, so that repetitions change nothing. */
  take(lines: Line[], cursor: string, whole = false): Line[] {
    this.refresh();
    const before = new Map((whole ? [] : this.memory.lines).map((l) => [l.id, l]));
    const fresh = lines.filter((l) => !before.has(l.id));
    for (const line of lines) before.set(line.id, line);
    const ids = new Set(lines.map((l) => l.id));
    this.update({
      lines: inOrder([...before.values()]),
      outbox: this.memory.outbox.filter((p) => !ids.has(p.id)),
      cursor: this.memory.cursor && !whole ? further(this.memory.cursor, cursor) : cursor,
    });
    return fresh;
  }

  /** The number of replies not yet shown. */
  get unread(): number {
    return this.memory.lines.filter((l) => l.from === "agent" && !l.read && isAfter(l.cursor, this.memory.seen)).length;
  }

  /** All messages are on the screen; returns the cursor to send to the hub if it is new. */
  see(): string | null {
    const last = this.memory.lines.reduce((c, l) => (l.from === "agent" ? further(c, l.cursor) : c), "0.0");
    if (!isAfter(last, this.memory.seen)) return null;
    this.update({ seen: last });
    return last;
  }

  update(change: Partial<Memory>): void {
    this.memory = { ...this.memory, ...change };
    this.#save();
  }

  #load(): Memory {
    if (!this.#storage) return this.memory ?? { ...EMPTY };
    try {
      return { ...EMPTY, ...JSON.parse(this.#storage.getItem(this.#key) ?? "{}") };
    } catch {
      return { ...EMPTY };
    }
  }

  #save(): void {
    try {
      this.#storage?.setItem(this.#key, JSON.stringify(this.memory));
    } catch {
      this.#storage = null; // Storage is full or forbidden: this tab still works until it is reloaded.
    }
  }
}

function inOrder(lines: Line[]): Line[] {
  return lines.sort((a, b) => Date.parse(a.at) - Date.parse(b.at)).slice(-KEPT_LINES);
}
