// The chat window: header, form, messages, composer. Draws the chat's state, and keeps unchanged nodes.
import type { Chat } from "./chat";
import { el, icon } from "./dom";
import type { Pending } from "./store";
import { rich } from "./text";
import type { ChatFile } from "../api/types";
import type { Line } from "./protocol";
import type { Words } from "./words";

const AT_TAIL_PX = 40;

export class View {
  readonly panel: HTMLElement;
  readonly #title = el("h2", { id: "title" });
  readonly #replies = el("p");
  readonly #bar = el("p", { class: "bar", role: "status", hidden: true });
  readonly #log: HTMLElement;
  readonly #chips = el("div", { class: "chips" });
  readonly #field: HTMLTextAreaElement;
  readonly #picker: HTMLInputElement;
  readonly #composer: HTMLElement;
  #form: HTMLFormElement | null = null;
  readonly #drawn = new Map<string, { node: HTMLElement; print: string }>();
  #files: ChatFile[] = [];
  #uploads = 0;
  #notice: string | null = null;

  readonly #chat: Chat;
  readonly #words: Words;
  readonly #locale: string;

  constructor(chat: Chat, words: Words, locale: string, close: () => void) {
    this.#chat = chat;
    this.#words = words;
    this.#locale = locale;
    const w = words;
    this.#field = el("textarea", {
      rows: 1,
      placeholder: w.placeholder,
      "aria-label": w.placeholder,
      maxlength: 10000,
      oninput: () => chat.write(),
      onkeydown: (e) => this.#key(e as KeyboardEvent),
      onpaste: (e) => this.#paste(e as ClipboardEvent),
    });
    this.#picker = el("input", {
      type: "file",
      multiple: true,
      hidden: true,
      tabindex: -1,
      onchange: () => this.#picked(),
    });
    this.#log = el("div", { class: "log", role: "log", "aria-label": w.log, "aria-live": "polite", tabindex: 0 });
    this.#composer = el(
      "div",
      { class: "write" },
      el(
        "button",
        { class: "icon", type: "button", "aria-label": w.attach, title: w.attach, onclick: () => this.#picker.click() },
        icon("clip"),
      ),
      this.#field,
      el(
        "button",
        { class: "icon send", type: "button", "aria-label": w.send, title: w.send, onclick: () => this.#send() },
        icon("arrow"),
      ),
      this.#picker,
    );
    this.panel = el(
      "section",
      {
        class: "panel",
        role: "dialog",
        "aria-labelledby": "title",
        ondragover: (e) => e.preventDefault(),
        ondrop: (e) => this.#drop(e as DragEvent),
      },
      el(
        "header",
        {},
        el("div", {}, this.#title, this.#replies),
        el(
          "button",
          { class: "icon", type: "button", "aria-label": w.close, title: w.close, onclick: close },
          icon("cross"),
        ),
      ),
      this.#bar,
      this.#log,
      this.#chips,
      this.#composer,
    );
  }

  focus(): void {
    const first = this.#form?.querySelector("input") ?? this.#field;
    first.focus();
  }

  draw(): void {
    const { config, lines, outbox } = this.#chat.store.memory;
    this.#title.textContent = config?.name ?? this.#words.chat;
    this.#replies.textContent = config?.replies_in ? this.#words.replies(config.replies_in) : "";
    this.#drawBar();
    this.#drawForm();
    const tail = this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight < AT_TAIL_PX;
    this.#drawLog(config?.greeting ?? this.#words.greeting, lines, outbox);
    if (tail) this.toTail();
  }

  toTail(): void {
    this.#log.scrollTop = this.#log.scrollHeight;
  }

  #drawBar(): void {
    const { hindrance, online, typing, store } = this.#chat;
    const lost = !online && (!navigator.onLine || store.memory.outbox.length > 0);
    const text =
      hindrance === "sign-in"
        ? this.#words.refused.verification_required
        : hindrance
          ? this.#words.refused.unknown_chat
          : lost
            ? this.#words.offline
            : (this.#notice ?? (typing ? this.#words.typing(typing.author) : null));
    this.#bar.hidden = text === null;
    if (this.#bar.textContent !== text) this.#bar.textContent = text;
    this.#composer.hidden = hindrance !== null || this.#form !== null;
  }

  /** Name and e-mail, asked once, and only if the channel wants them. */
  #drawForm(): void {
    const { config, introduced, who, lines } = this.#chat.store.memory;
    const wanted = !!config && config.prechat.length > 0 && !introduced && who === null && lines.length === 0;
    if (!wanted) {
      this.#form?.remove();
      this.#form = null;
    } else if (!this.#form) {
      this.#form = this.#makeForm(config.prechat);
      this.#log.before(this.#form);
    }
    this.#log.hidden = this.#composer.hidden = wanted;
    if (this.#chat.hindrance) this.#composer.hidden = true;
  }

  #makeForm(fields: string[]): HTMLFormElement {
    const name = el("input", { autocomplete: "name", maxlength: 200 });
    const email = el("input", { type: "email", autocomplete: "email", maxlength: 200 });
    const done = (n: string, e: string): void => {
      this.#chat.introduce(n, e);
      this.#field.focus();
    };
    return el(
      "form",
      { onsubmit: (e) => (e.preventDefault(), done(name.value.trim(), email.value.trim())) },
      fields.includes("name") ? el("label", {}, this.#words.name, name) : null,
      fields.includes("email") ? el("label", {}, this.#words.email, email) : null,
      el("button", { class: "go" }, this.#words.start),
      el("button", { class: "skip", type: "button", onclick: () => done("", "") }, this.#words.skip),
    );
  }

  #drawLog(greeting: string, lines: Line[], outbox: Pending[]): void {
    const wanted: [string, string, () => HTMLElement][] = [
      ["greeting", greeting, () => this.#bubble("agent", rich(greeting, true), [], null)],
      ...lines.map((l): [string, string, () => HTMLElement] => [l.id, this.#meta(l), () => this.#line(l)]),
      ...outbox.map((p): [string, string, () => HTMLElement] => [p.id, this.#waiting(p), () => this.#pending(p)]),
    ];
    const ids = new Set(wanted.map(([id]) => id));
    for (const [id, { node }] of this.#drawn) {
      if (ids.has(id)) continue;
      node.remove();
      this.#drawn.delete(id);
    }
    let at: ChildNode | null = this.#log.firstChild;
    for (const [id, print, make] of wanted) {
      const old = this.#drawn.get(id);
      const node = old?.print === print ? old.node : make();
      if (node !== old?.node) {
        if (old?.node === at) at = at?.nextSibling ?? null;
        old?.node.remove();
        this.#drawn.set(id, { node, print });
      }
      if (node === at) at = at.nextSibling;
      else this.#log.insertBefore(node, at);
    }
  }

  #line(l: Line): HTMLElement {
    return this.#bubble(l.from, rich(l.text, l.from === "agent"), l.attachments, this.#meta(l));
  }

  #pending(p: Pending): HTMLElement {
    const bubble = this.#bubble("me", rich(p.text, false), p.attachments, this.#waiting(p));
    if (!p.refused) return bubble;
    return el(
      "div",
      { class: "wrong" },
      bubble,
      this.#refusal(p.refused),
      el("button", { type: "button", onclick: () => this.#chat.retry(p.id) }, this.#words.retry),
      el("button", { type: "button", onclick: () => this.#chat.discard(p.id) }, this.#words.discard),
    );
  }

  /** Why something was not sent; a newer hub may have codes that this widget does not know. */
  #refusal(code: string): string {
    return `${this.#words.failed} ${(this.#words.refused as Partial<Record<string, string>>)[code] ?? ""}`;
  }

  #bubble(from: Line["from"], text: HTMLElement | null, files: ChatFile[], meta: string | null): HTMLElement {
    return el(
      "div",
      { class: `msg ${from}` },
      text,
      ...files.map((f) =>
        el("button", { class: "file", type: "button", onclick: () => void this.#fetch(f) }, f.filename),
      ),
      meta === null ? null : el("span", { class: "meta" }, meta),
    );
  }

  #meta(l: Line): string {
    const time = this.#time(l.at);
    if (l.from === "agent") return l.author ? `${l.author} · ${time}` : time;
    const upto = this.#chat.store.memory.readUpto;
    const read = l.read || (upto !== null && Date.parse(l.at) <= Date.parse(upto));
    return `${time} · ${read ? this.#words.read : this.#words.sent}`;
  }

  #waiting(p: Pending): string {
    return `${this.#time(p.at)} · ${p.refused ? this.#words.failed : this.#chat.online ? this.#words.sending : this.#words.waiting}`;
  }

  #time(at: string): string {
    return new Intl.DateTimeFormat(this.#locale, { hour: "numeric", minute: "2-digit" }).format(new Date(at));
  }

  #key(event: KeyboardEvent): void {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#send();
  }

  #send(): void {
    const text = this.#field.value.trim();
    if ((!text && this.#files.length === 0) || this.#uploads > 0) return;
    this.#chat.say(text, this.#files);
    this.#files = [];
    this.#field.value = "";
    this.#chips.replaceChildren();
    this.#notice = null;
    this.toTail();
    this.#field.focus();
  }

  #picked(): void {
    const files = [...(this.#picker.files ?? [])];
    this.#picker.value = "";
    for (const file of files) void this.#upload(file);
  }

  #paste(event: ClipboardEvent): void {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    for (const file of files) void this.#upload(file);
  }

  #drop(event: DragEvent): void {
    event.preventDefault();
    for (const file of event.dataTransfer?.files ?? []) void this.#upload(file);
  }

  async #upload(file: File): Promise<void> {
    const limit = this.#chat.store.memory.config?.max_file_bytes ?? 0;
    if (file.size > limit) return this.#tell(this.#words.too_large(Math.floor(limit / 1e6)));
    const progress = el("progress", { max: 1, value: 0, "aria-label": file.name });
    const chip = el("div", { class: "chip" }, el("span", {}, file.name), progress);
    this.#chips.append(chip);
    this.#uploads++;
    try {
      const id = await this.#chat.api.upload(file, (part) => (progress.value = part));
      this.#attached({ id, filename: file.name, media_type: file.type, size: file.size }, chip, progress);
    } catch (reason) {
      chip.remove();
      this.#tell(`${file.name}: ${this.#refusal((reason as Error).message)}`);
    } finally {
      this.#uploads--;
    }
  }

  #attached(file: ChatFile, chip: HTMLElement, progress: HTMLElement): void {
    this.#files.push(file);
    const remove = (): void => {
      this.#files = this.#files.filter((f) => f !== file);
      chip.remove();
      this.#field.focus();
    };
    const label = this.#words.remove(file.filename);
    progress.replaceWith(
      el("button", { type: "button", "aria-label": label, title: label, onclick: remove }, icon("cross")),
    );
  }

  async #fetch(file: ChatFile): Promise<void> {
    try {
      const url = URL.createObjectURL(await this.#chat.api.download(file.id));
      el("a", { href: url, download: file.filename }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    } catch {
      this.#tell(this.#words.downloadFailed);
    }
  }

  #tell(notice: string): void {
    this.#notice = notice;
    this.#drawBar();
  }
}
