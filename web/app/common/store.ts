/** The live state in the app: one socket, frames applied once per animation frame, the outbox beside it. */
import { computed, shallowRef } from "vue";
import { api, problemOf, onSignedOut } from "../../api/client";
import { createOutbox, type Pending } from "../../live/outbox";
import { expire, reduce, withListed, withoutPages, withTimeline } from "../../live/reduce";
import { openSocket, type LiveSocket, type SocketState } from "../../live/socket";
import { begin, emptyState, type LiveState } from "../../live/state";
import type { Command, Frame, Id, InboxState, MessageItem } from "../../api/types";
import { me } from "./session";
import { toast } from "../../ui/toast";
import { refusalText } from "./errorText";
import { t } from "./words";

export const state = shallowRef<LiveState>(emptyState);
export const socketState = shallowRef<SocketState>("connecting");
export const pending = shallowRef<readonly Pending[]>([]);
export const ready = shallowRef(false);
export const unreachable = shallowRef(false);
/** Set when a message was refused: the composer of that conversation shows it again. */
export const refused = shallowRef<{ pending: Pending; code: string | undefined; detail: string } | null>(null);

let socket: LiveSocket | null = null;
let queue: Frame[] = [];
let scheduled = false;

export function change(act: (state: LiveState) => LiveState): void {
  state.value = act(state.value);
}

function applyQueue(): void {
  scheduled = false;
  const frames = queue;
  queue = [];
  if (frames.length > 0) change((known) => reduce(known, frames));
  if (frames.some((frame) => frame.type === "reset")) void reload();
}

/** Hidden tabs have no animation frames, but their title must still show the count. */
function onFrames(frames: Frame[]): void {
  queue.push(...frames);
  if (scheduled) return;
  scheduled = true;
  if (document.hidden) setTimeout(applyQueue, 200);
  else requestAnimationFrame(applyQueue);
}

async function reload(): Promise<void> {
  const inbox = await api.get<InboxState>("/api/inbox");
  change((known) => withoutPages(begin(known, inbox)));
}

export const outbox = createOutbox({
  post: (path, body, key) => api.post<MessageItem>(path, body, key),
  confirmed: (item) =>
    change((known) => withTimeline(known, item.contact_id, { cursor: "", items: [item], previous: null }, false)),
  refused: (one, problem) => {
    refused.value = { pending: one, code: problem.code, detail: problem.message };
    if (problem.code !== "newer_reply") toast(t("notSent", { detail: refusalText(problem) }), { tone: "bad" });
  },
  changed: (list) => {
    pending.value = list;
  },
  storage: localStorage,
  name: "hub.outbox",
});

const liveAddress = (after: string): string =>
  `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/live?after=${encodeURIComponent(after)}`;

function onState(next: SocketState): void {
  socketState.value = next;
  if (next === "open") void outbox.flush();
  if (next === "signed_out") location.assign("/sign-in");
  if (next === "waiting")
    void fetch("/api/me", { credentials: "same-origin" })
      .then(async (answer) => {
        if (answer.status === 401 && (await problemOf(answer)).status === 401) location.assign("/sign-in");
      })
      .catch(() => undefined);
}

let starting: Promise<void> | null = null;

/** Starts once; later calls wait for the same start. */
export function start(): Promise<void> {
  starting ??= open().catch((reason: unknown) => {
    starting = null;
    unreachable.value = true;
    throw reason;
  });
  return starting;
}

async function open(): Promise<void> {
  onSignedOut(() => location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`));
  const inbox = await api.get<InboxState>("/api/inbox");
  change((known) => begin(known, inbox));
  pending.value = outbox.pending();
  socket = openSocket({ after: inbox.cursor, url: liveAddress, onFrames, onState });
  window.addEventListener("online", () => socket?.check());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) socket?.check();
  });
  setInterval(() => change((known) => expire(known)), 1000);
  unreachable.value = false;
  ready.value = true;
}

export const sendCommand = (command: Command): boolean => socket?.send(command) ?? false;

export const nameOf = (id: Id | null): string => (id ? (state.value.agents.get(id)?.name ?? "") : "");
export const others = computed(() =>
  [...state.value.agents.values()].filter((agent) => agent.id !== me.value?.id && !agent.disabled),
);
export const listedOf = (id: Id | null) => (id ? (state.value.rows.get(id) ?? null) : null);
export { withListed };
