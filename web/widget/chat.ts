// One visitor's chat without its appearance: admission, the socket, the outbox, the messages shown.
import { VisitorApi } from "./visitorApi";
import { ChatSocket } from "./connection";
import { Store } from "./store";
import type { ChatRefusal, ChatWelcome, VisitorFrame } from "../api/types";
import type { Identity, Line } from "./protocol";

const TYPING_SHOWN_MS = 6000;
const TYPING_SENT_MS = 3000;

export type Hindrance = "sign-in" | "gone" | null;

export interface Audience {
  /** The screen may need an update. */
  changed(): void;
  /** New replies have arrived. */
  arrived(lines: Line[]): void;
  identityRefused(): void;
}

export class Chat {
  readonly api: VisitorApi;
  online = false;
  hindrance: Hindrance = null;
  typing: { author: string | null } | null = null;
  readonly #socket: ChatSocket;
  readonly #tabs: BroadcastChannel | null;
  #identity: Identity | null = null;
  #typingTimer = 0;
  #typedAt = 0;
  #retryTimer = 0;

  #locale: string;
  readonly #audience: Audience;

  constructor(
    base: string,
    readonly store: Store,
    locale: string,
    audience: Audience,
  ) {
    this.#locale = locale;
    this.#audience = audience;
    this.api = new VisitorApi(base, () => store.memory.token);
    this.#socket = new ChatSocket(`${base.replace(/^http/, "ws")}/socket`, () => this.#admitted(), {
      opened: () => this.#opened(),
      heard: (frame) => this.#heard(frame),
      lost: (code) => this.#lost(code),
    });
    this.#tabs = "BroadcastChannel" in window ? new BroadcastChannel(`hub-chat ${base}`) : null;
    if (this.#tabs) this.#tabs.onmessage = (told) => (store.refresh(told.data), audience.changed());
    window.addEventListener("online", this.#hurry);
    window.addEventListener("offline", this.#cut);
    document.addEventListener("visibilitychange", this.#hurry);
  }

  open(): void {
    this.#socket.open();
  }

  /** The page says who is signed in. Data of any other person is deleted, whether or not the hub accepts the proof. */
  identify(identity: Identity | null): void {
    const who = identity && (typeof identity === "string" ? subject(identity) : identity.id);
    this.#identity = identity;
    this.hindrance = null;
    if (who === this.store.memory.who && (who === null || this.store.memory.token)) return;
    const wanted = this.online || this.store.memory.token !== null;
    this.#socket.close();
    this.store.forget(who);
    this.#told();
    if (wanted || identity) this.#socket.open();
  }

  leave(): void {
    this.#socket.close();
    this.#tabs?.close();
    window.removeEventListener("online", this.#hurry);
    window.removeEventListener("offline", this.#cut);
    document.removeEventListener("visibilitychange", this.#hurry);
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#typingTimer);
  }

  setLocale(locale: string): void {
    this.#locale = locale;
    this.#socket.send(this.#hello());
  }

  introduce(name: string, email: string): void {
    this.store.update({ introduced: true });
    this.#socket.send({ type: "introduce", name: name || null, email: email || null });
    this.#told();
  }

  say(text: string, attachments: Line["attachments"] = []): void {
    this.store.say(text, attachments);
    this.#socket.open();
    this.#flush();
    this.#told();
  }

  retry(id: string): void {
    const outbox = this.store.refresh().memory.outbox;
    this.store.update({
      outbox: outbox.map(({ refused: _, ...p }) => (p.id === id ? p : { ...p, ...(_ && { refused: _ }) })),
    });
    this.#flush();
    this.#told();
  }

  discard(id: string): void {
    this.store.drop(id);
    this.#told();
  }

  write(): void {
    if (Date.now() - this.#typedAt > TYPING_SENT_MS && this.#socket.send({ type: "typing" }))
      this.#typedAt = Date.now();
  }

  /** The messages are on the screen and the visitor is looking. */
  see(): void {
    const upto = this.store.see();
    if (!upto) return;
    this.#socket.send({ type: "seen", upto });
    this.#told();
  }

  readonly #hurry = (): void => {
    if (document.visibilityState === "visible") this.#socket.hurry();
  };

  readonly #cut = (): void => {
    this.#socket.cut();
    this.#audience.changed();
  };

  async #admitted(): Promise<string | null> {
    const memory = this.store.refresh().memory;
    if (memory.token) return memory.token;
    const { token, code } = await this.api.admit(this.#locale, this.#identity);
    if (token) this.store.admit(token);
    else this.#admissionRefused(code ?? "");
    return token ?? null;
  }

  #admissionRefused(code: string): void {
    if (code === "bad_identity") {
      this.#identity = null;
      this.store.forget(null);
      this.#audience.identityRefused();
    } else if (code === "verification_required") this.#stop("sign-in");
    else if (code === "unknown_chat" || code === "origin_refused") this.#stop("gone");
  }

  #stop(hindrance: Hindrance): void {
    this.hindrance = hindrance;
    this.#socket.close();
    this.#audience.changed();
  }

  #hello(): object {
    const { cursor } = this.store.memory;
    return { type: "hello", cursor, locale: this.#locale, page: location.href.split(/[?#]/)[0] };
  }

  #opened(): void {
    this.#socket.send(this.#hello());
  }

  #lost(code: number): void {
    this.online = false;
    this.typing = null;
    if (code === 4401) this.store.forget(this.store.memory.who);
    if (code === 4403 || code === 4404) this.#stop("gone");
    this.#audience.changed();
  }

  #heard(frame: VisitorFrame): void {
    if (frame.type === "welcome") this.#welcomed(frame);
    else if (frame.type === "message") this.#took([frame], frame.cursor);
    else if (frame.type === "ack") this.store.acked(frame.id, frame.at);
    else if (frame.type === "read") this.store.update({ readUpto: frame.upto });
    else if (frame.type === "typing") this.#agentTypes(frame.author);
    else if (frame.type === "refused") this.#refused(frame);
    if (frame.type !== "pulse") this.#told();
  }

  #welcomed(frame: ChatWelcome): void {
    this.online = true;
    this.hindrance = null;
    this.store.update({ config: frame.config, readUpto: frame.read_upto });
    this.#took(frame.messages, frame.cursor, !frame.resumed);
    this.#flush();
  }

  #took(lines: Line[], cursor: string, whole = false): void {
    const known = new Set(this.store.memory.lines.map((l) => l.id));
    const fresh = this.store.take(lines, cursor, whole).filter((l) => l.from === "agent" && !known.has(l.id));
    if (fresh.length === 0) return;
    this.typing = null;
    this.#socket.send({ type: "seen", upto: cursor, read: false });
    this.#audience.arrived(fresh);
  }

  #agentTypes(author: string | null): void {
    this.typing = { author };
    clearTimeout(this.#typingTimer);
    this.#typingTimer = window.setTimeout(() => {
      this.typing = null;
      this.#audience.changed();
    }, TYPING_SHOWN_MS);
  }

  #refused({ id, code, retry_after }: ChatRefusal): void {
    if (code === "too_fast" || code === "unavailable") {
      clearTimeout(this.#retryTimer);
      this.#retryTimer = window.setTimeout(() => this.#flush(), 1000 * (retry_after ?? 2));
    } else if (id) this.store.refused(id, code);
  }

  /** Send all waiting messages, oldest first; sending one twice is harmless. */
  #flush(): void {
    if (!this.online) return;
    for (const p of this.store.memory.outbox.filter((p) => !p.refused)) {
      this.#socket.send({ type: "say", id: p.id, text: p.text, attachment_ids: p.attachments.map((a) => a.id) });
    }
  }

  #told(): void {
    this.#tabs?.postMessage(this.store.memory.seen);
    this.#audience.changed();
  }
}

/** The subject of a JWT; only the hub can verify it. */
function subject(jwt: string): string {
  try {
    const claims = JSON.parse(atob((jwt.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/")));
    return String(claims.sub ?? claims.user_id);
  } catch {
    return jwt;
  }
}
