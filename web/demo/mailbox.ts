// A customer's mailbox: sends real mail to the hub, and shows the replies.
import type { DemoState, DemoMail as Mail } from "../api/types";
import { ask, part } from "./server";
import { language, switchLanguage, words } from "./words";

const EACH_MS = 3000;
const w = words().mail;
const date = new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "short" });

let state: DemoState;
let mails: Mail[] = [];
let open: string | null = null;
let answering: Mail | null = null;

function make<K extends keyof HTMLElementTagNameMap>(tag: K, text = "", name = ""): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  node.textContent = text;
  if (name) node.className = name;
  return node;
}

function write(): void {
  document.documentElement.lang = language();
  document.title = w.title;
  const texts: [string, string][] = [
    ["title", w.title],
    ["intro", w.intro],
    ["as", w.as],
    ["address-label", w.address],
    ["write", w.write],
    ["to-label", w.to],
    ["subject-label", w.subject],
    ["text-label", w.text],
    ["file-label", w.file],
    ["send", w.send],
    ["cancel", w.cancel],
    ["received", w.inbox],
    ["empty", w.empty],
    ["shop", w.shop],
    ["language", words().switch],
  ];
  for (const [id, text] of texts) part(id).textContent = text;
  part("language").onclick = switchLanguage;
}

const whose = (): string => {
  const chosen = part<HTMLSelectElement>("whose").value;
  return (chosen || part<HTMLInputElement>("address").value).trim().toLowerCase();
};

function tell(text: string, bad = false): void {
  const told = part("told");
  told.textContent = text;
  told.hidden = !text;
  told.classList.toggle("problem", bad);
}

async function look(): Promise<void> {
  if (!whose().includes("@")) return;
  const found = await ask<Mail[]>(`/api/demo/mails?address=${encodeURIComponent(whose())}`);
  if (found.map((m) => m.id).join() === mails.map((m) => m.id).join()) return;
  if (found.length > mails.length) tell("");
  mails = found;
  draw();
}

function draw(): void {
  part("empty").hidden = mails.length > 0;
  part("mails").replaceChildren(...mails.map(row));
  const mail = mails.find((m) => m.id === open);
  part("reader").replaceChildren(...(mail ? reading(mail) : [make("p", w.choose, "dim")]));
}

function row(mail: Mail): HTMLElement {
  const item = make("li");
  const button = make("button");
  button.type = "button";
  button.append(
    make("strong", sender(mail)),
    make("span", mail.subject || w.noSubject),
    make("small", date.format(new Date(mail.received_at)), "dim"),
  );
  if (mail.id === open) button.setAttribute("aria-current", "true");
  button.onclick = () => {
    open = mail.id;
    draw();
    part("reader").focus();
  };
  item.append(button);
  return item;
}

const sender = (mail: Mail): string => mail.sender.replace(/\s*<.*>$/, "").replace(/^"|"$/g, "") || mail.sender;

function reading(mail: Mail): HTMLElement[] {
  const reply = make("button", w.reply, "go");
  reply.type = "button";
  reply.onclick = () => compose(mail);
  const head = make("p", `${w.from}: ${mail.sender} · ${date.format(new Date(mail.received_at))}`, "dim");
  const files = mail.files.map((file) => {
    const link = make("a", `${file.filename} (${Math.ceil(file.size / 1000)} kB)`);
    link.href = `/api/demo/mails/${mail.id}/files/${file.number}`;
    const line = make("p");
    line.append(link);
    return line;
  });
  return [
    make("h2", mail.subject || w.noSubject),
    head,
    ...(mail.answers ? [make("p", `↩ ${w.threaded}`, "good")] : []),
    make("pre", mail.text),
    ...files,
    reply,
  ];
}

function compose(mail: Mail | null): void {
  answering = mail;
  tell("");
  part<HTMLInputElement>("to").value = mail ? (mail.sender.match(/<(.+)>/)?.[1] ?? mail.sender) : state.mailbox;
  part<HTMLInputElement>("subject").value = mail
    ? /^re:/i.test(mail.subject)
      ? mail.subject
      : `Re: ${mail.subject}`
    : "";
  const text = part<HTMLTextAreaElement>("text");
  text.value = mail
    ? `\n\n${w.wrote(date.format(new Date(mail.received_at)), sender(mail))}\n${mail.text.trimEnd().replace(/^/gm, "> ")}`
    : "";
  part("form").hidden = false;
  part(mail ? "text" : "subject").focus();
  text.setSelectionRange(0, 0);
}

async function send(event: Event): Promise<void> {
  event.preventDefault();
  if (!whose().endsWith(`@${state.domain}`)) return tell(w.badAddress(state.domain), true);
  tell(w.sending);
  try {
    await ask("/api/demo/mails", await mailFromForm());
    part<HTMLFormElement>("form").reset();
    part("form").hidden = true;
    tell(w.sent);
  } catch (error) {
    tell(`${w.failed} ${(error as Error).message}`, true);
  }
}

async function mailFromForm(): Promise<object> {
  const file = part<HTMLInputElement>("file").files?.[0];
  return {
    sender: whose(),
    name: state.customers.find((c) => c.email === whose())?.name ?? "",
    to: part<HTMLInputElement>("to").value.trim(),
    subject: part<HTMLInputElement>("subject").value,
    text: part<HTMLTextAreaElement>("text").value,
    answers: answering?.id ?? null,
    ...(file && {
      filename: file.name,
      media_type: file.type || "application/octet-stream",
      content: await base64(file),
    }),
  };
}

function base64(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ""));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

function changeOwner(): void {
  part("other").hidden = part<HTMLSelectElement>("whose").value !== "";
  mails = [];
  open = null;
  draw();
  void look();
}

async function start(): Promise<void> {
  write();
  state = await ask<DemoState>("/api/demo/pages");
  const options = state.customers.map((c) => new Option(`${c.name} <${c.email}>`, c.email));
  part<HTMLSelectElement>("whose").append(...options, new Option(w.other, ""));
  part<HTMLInputElement>("address").placeholder = `name@${state.domain}`;
  part("whose").onchange = part("address").onchange = changeOwner;
  part("write").onclick = () => compose(null);
  part("cancel").onclick = () => (part("form").hidden = true);
  part("form").onsubmit = (event) => void send(event);
  changeOwner();
  setInterval(() => document.hidden || look().catch(() => undefined), EACH_MS);
}

start().catch(() => tell(words().none, true));
