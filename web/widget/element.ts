// <hub-chat key="…">: the launcher, and the methods for the page.
import { Chat } from "./chat";
import { el, icon } from "./dom";
import { Store } from "./store";
import { css } from "./style";
import { View } from "./view";
import type { Identity, Line } from "./protocol";
import { words } from "./words";

const sheet = new CSSStyleSheet();
sheet.replaceSync(css);
const origin = new URL(import.meta.url).origin;

export class HubChat extends HTMLElement {
  static readonly observedAttributes = ["locale"];
  readonly #root = this.attachShadow({ mode: "open" });
  readonly #frame = el("div", { class: "root" });
  readonly #launch = el("button", {
    class: "launch",
    type: "button",
    "aria-haspopup": "dialog",
    onclick: () => this.toggle(),
  });
  #hail: HTMLElement | null = null;
  #hailTimer = 0;
  #chat: Chat | null = null;
  #view: View | null = null;
  #focusedBefore: Element | null = null;
  #told = -1;

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [sheet];
    this.#root.append(this.#frame);
    this.#frame.append(this.#launch);
    this.#root.addEventListener(
      "keydown",
      (e) => (e as KeyboardEvent).key === "Escape" && this.isOpen && (e.stopPropagation(), this.close()),
    );
  }

  connectedCallback(): void {
    const base = `${origin}/api/chat/${encodeURIComponent(this.getAttribute("key") ?? "")}`;
    const store = new Store(`hub-chat ${base}`, storage());
    this.#chat = new Chat(base, store, this.#locale, {
      changed: () => this.#draw(),
      arrived: (lines) => this.#arrived(lines),
      identityRefused: () => this.#tell("identity-refused"),
    });
    document.addEventListener("visibilitychange", this.#look);
    if (store.memory.token) this.#chat.open(); // a conversation has begun: replies update the badge
    if (this.#remembered) this.open();
    this.#draw();
    this.#greetLater();
    this.#tell("ready");
  }

  disconnectedCallback(): void {
    document.removeEventListener("visibilitychange", this.#look);
    clearTimeout(this.#hailTimer);
    this.#chat?.leave();
    this.#view?.panel.remove();
    this.#view = null;
    this.#chat = null;
  }

  attributeChangedCallback(): void {
    if (!this.#chat) return;
    this.#chat.setLocale(this.#locale);
    if (this.isOpen) {
      this.#view?.panel.remove();
      this.#show();
    }
    this.#draw();
  }

  get isOpen(): boolean {
    return this.hasAttribute("open");
  }

  get unread(): number {
    return this.#chat?.store.unread ?? 0;
  }

  open(): void {
    if (this.isOpen || !this.#chat) return;
    const focused: Element | null = document.activeElement;
    this.#focusedBefore = focused?.isSameNode(this) ? null : focused;
    this.toggleAttribute("open", true);
    this.#remember(true);
    this.#unhail();
    this.#show();
    this.#chat.open();
    this.#view?.focus();
    this.#look();
    this.#tell("open");
  }

  close(): void {
    if (!this.isOpen) return;
    const inside = this.#root.activeElement !== null;
    this.toggleAttribute("open", false);
    this.#remember(false);
    this.#view?.panel.remove();
    this.#view = null;
    this.#draw();
    if (inside) this.#giveFocusBack();
    this.#tell("close");
  }

  toggle(): void {
    if (this.isOpen) this.close();
    else this.open();
  }

  /** Set the customer who is signed in on this page, with the proof of your server. */
  identify(identity: Identity): void {
    this.#chat?.identify(identity);
  }

  /** No customer is signed in any more: delete the conversation from this device. */
  signOut(): void {
    this.#chat?.identify(null);
  }

  setLocale(locale: string): void {
    this.setAttribute("locale", locale);
  }

  get #locale(): string {
    return this.getAttribute("locale") || document.documentElement.lang || navigator.language || "en";
  }

  #show(): void {
    if (!this.#chat) return;
    this.#view = new View(this.#chat, words(this.#locale), this.#locale, () => this.close());
    this.#view.panel.lang = this.#locale;
    this.#frame.prepend(this.#view.panel);
    this.#draw();
    this.#view.toTail();
  }

  #draw(): void {
    const w = words(this.#locale);
    this.#view?.draw();
    const n = this.unread;
    const label = this.isOpen ? w.close : n ? `${w.open}, ${w.unread(n)}` : w.open;
    this.#launch.setAttribute("aria-label", label);
    this.#launch.setAttribute("aria-expanded", String(this.isOpen));
    this.#launch.replaceChildren(icon(this.isOpen ? "cross" : "chat"));
    if (n && !this.isOpen) this.#launch.append(el("span", { class: "badge", "aria-hidden": "true" }, String(n)));
    if (n !== this.#told) this.#tell("unread", { unread: (this.#told = n) });
  }

  #arrived(lines: Line[]): void {
    for (const { text, author, at } of lines) this.#tell("message", { text, author, at });
    queueMicrotask(() => this.#look());
  }

  readonly #look = (): void => {
    if (this.isOpen && document.visibilityState === "visible") this.#chat?.see();
  };

  #giveFocusBack(): void {
    const target =
      this.#focusedBefore instanceof HTMLElement &&
      this.#focusedBefore.isConnected &&
      this.#focusedBefore !== document.body
        ? this.#focusedBefore
        : this.#launch;
    target.focus();
  }

  /** Show a greeting after `greet-after` seconds, on pages below `greet-on`, once a day. */
  #greetLater(): void {
    const seconds = Number(this.getAttribute("greet-after"));
    const today = new Date().toDateString();
    if (
      !seconds ||
      !location.pathname.startsWith(this.getAttribute("greet-on") ?? "") ||
      storage()?.getItem("hub-chat hail") === today
    )
      return;
    this.#hailTimer = window.setTimeout(() => {
      if (this.isOpen || this.#chat?.store.memory.lines.length) return;
      storage()?.setItem("hub-chat hail", today);
      const text = this.getAttribute("greeting") ?? words(this.#locale).greeting;
      this.#hail = el("button", { class: "hail", type: "button", onclick: () => this.open() }, text);
      this.#launch.before(this.#hail);
    }, seconds * 1000);
  }

  #unhail(): void {
    clearTimeout(this.#hailTimer);
    this.#hail?.remove();
  }

  get #remembered(): boolean {
    return storage("session")?.getItem("hub-chat open") === "1";
  }

  #remember(open: boolean): void {
    storage("session")?.setItem("hub-chat open", open ? "1" : "");
  }

  #tell(name: string, detail: object = {}): void {
    this.dispatchEvent(new CustomEvent(`hub-chat:${name}`, { detail, bubbles: true, composed: true }));
  }
}

/** Browsers may forbid storage; the chat then lasts as long as the page. */
function storage(kind: "local" | "session" = "local"): Storage | null {
  try {
    return kind === "local" ? localStorage : sessionStorage;
  } catch {
    return null;
  }
}
