/** Writing an answer or a note: what may be sent, sending it, drafts kept on the server, typing told. */
import { computed, onUnmounted, watch } from "vue";
import type { Reply } from "./optimisticMessage";
import { noteItem, readAddresses, replyItem } from "./optimisticMessage";
import type { ConversationDetail, Id, Listed, MessageItem } from "../../../api/types";
import { may, me } from "../../common/session";
import { saveDraft, takeBack } from "../actions";
import { deskOf, fill, lengthOf, reachKey } from "./composerState";
import { outbox, refused, say, state } from "../../common/store";
import { rememberUndo } from "../../common/undo";
import { useFiles } from "./useFiles";
import { usePresence } from "../thread/usePresence";
import { showProblem } from "../../common/problems";

export function useComposer(listed: () => Listed, detail: () => ConversationDetail | null) {
  const id = computed<Id>(() => listed().row.id);
  const desk = computed(() => deskOf(id.value));
  const reaches = computed(() => detail()?.reach ?? []);
  const reach = computed(() => reaches.value.find((one) => reachKey(one) === desk.value.reach) ?? null);
  const capabilities = computed(() =>
    reach.value ? (state.value.channels.get(reach.value.channel_id)?.capabilities ?? null) : null,
  );
  const noting = computed(() => desk.value.mode === "note");
  const text = computed({
    get: () => (noting.value ? desk.value.note : desk.value.text),
    set: (value: string) => {
      desk.value[noting.value ? "note" : "text"] = value;
      edited();
    },
  });
  const files = useFiles(desk, capabilities);
  const { replying } = usePresence(() => id.value);
  const left = computed(() =>
    !noting.value && capabilities.value?.max_chars ? capabilities.value.max_chars - lengthOf(desk.value.text) : null,
  );
  const said = computed(() =>
    (state.value.threads.get(listed().row.contact.id)?.items ?? []).filter(
      (item): item is MessageItem => item.type === "message" && item.conversation_id === id.value,
    ),
  );
  /** A colleague's answer that came while one wrote. */
  const overtaken = computed(() => {
    const at = said.value.findIndex((item) => item.id === desk.value.seen);
    return (
      at >= 0 &&
      said.value
        .slice(at + 1)
        .some(
          (item) => item.direction === "outbound" && item.author.id !== me.value?.id && item.author.kind === "agent",
        )
    );
  });
  const newer = computed(() => desk.value.force || overtaken.value);
  const careful = computed(() => !noting.value && (newer.value || replying.value !== null));
  const blocked = computed(() => {
    if (noting.value) return !desk.value.note.trim();
    const empty = !desk.value.text.trim() && desk.value.files.length === 0;
    return (
      empty ||
      !reach.value ||
      reach.value.closed !== null ||
      files.busy.value ||
      (left.value !== null && left.value < 0)
    );
  });
  const allowed = computed(() => may(noting.value ? "notes:write" : "messages:write"));

  // --- drafts: 800 ms after the last key, and at once when one leaves ---
  let timer: ReturnType<typeof setTimeout> | undefined;
  let typedAt = 0;
  let unsaved: (() => Promise<void>) | null = null;

  function save(): void {
    clearTimeout(timer);
    const run = unsaved;
    unsaved = null;
    void run?.().catch(() => undefined); // kept on the desk; the next key tries again
  }

  function edited(): void {
    const one = desk.value;
    const conversation = id.value;
    const channel = noting.value ? null : (reach.value?.channel_id ?? null);
    if (!one.text) one.seen = null;
    else one.seen ??= said.value.at(-1)?.id ?? null;
    unsaved = () =>
      channel || one.mode === "note"
        ? saveDraft(conversation, channel, one.mode === "note" ? one.note : one.text, channel ? one.subject : null)
        : Promise.resolve();
    clearTimeout(timer);
    timer = setTimeout(save, 800);
    if (Date.now() - typedAt > 3000 && text.value) {
      typedAt = Date.now();
      say({ type: "type", conversation_id: conversation, mode: one.mode });
    }
  }

  function choose(key: string): void {
    const before = reach.value?.channel_id ?? null;
    desk.value.reach = key;
    desk.value.mode = "reply";
    if (before && before !== reach.value?.channel_id && desk.value.text) {
      void saveDraft(id.value, before, "", null).catch(() => undefined);
      edited();
    }
  }

  // --- sending ---
  function clear(): void {
    clearTimeout(timer);
    unsaved = null;
    if (noting.value) desk.value.note = "";
    else Object.assign(desk.value, { text: "", subject: null, cc: "", files: [], seen: null, force: false });
  }

  function sendNote(): void {
    const mentions = [...state.value.agents.values()]
      .filter((agent) => desk.value.note.includes(`@${agent.name}`))
      .map((agent) => agent.id);
    const item = noteItem(listed().row, me.value!, desk.value.note.trim(), mentions);
    void outbox.send(item, `/api/conversations/${id.value}/notes`, { id: item.id, text: item.text, mentions });
    clear();
  }

  function lastSeen(seen: Id | null): { last_seen_id: Id } | { seen: number } {
    const last = seen ?? said.value.at(-1)?.id;
    return last ? { last_seen_id: last } : { seen: listed().row.inbound_count };
  }

  function sendReply(resolve: boolean): void {
    const one = desk.value;
    const reply: Reply = {
      reach: reach.value!,
      text: one.text.trim(),
      subject: capabilities.value?.subject ? one.subject : null,
      cc: capabilities.value?.subject ? readAddresses(one.cc) : [],
      files: one.files.flatMap((file) => file.item ?? []),
    };
    const item = replyItem(listed().row, me.value!, reply);
    const body = {
      id: item.id,
      channel_id: reply.reach.channel_id,
      point_id: reply.reach.point_id,
      text: reply.text,
      ...(reply.subject ? { subject: reply.subject } : {}),
      ...(reply.cc.length ? { cc: reply.cc } : {}),
      ...(reply.files.length ? { attachment_ids: reply.files.map((file) => file.id) } : {}),
      ...(resolve ? { resolve } : {}),
      ...lastSeen(one.seen),
      ...(careful.value ? { force: true } : {}),
    };
    void outbox.send(item, `/api/conversations/${id.value}/replies`, body);
    rememberUndo(() => undo(item));
    clear();
  }

  const loaded = (): boolean => detail()?.listed.row.id === id.value;

  function send(resolve = false): boolean {
    if (!loaded() && !noting.value && text.value.trim()) {
      desk.value.asked = resolve ? "resolve" : "send";
      return false;
    }
    if (blocked.value || !allowed.value || !me.value) return false;
    if (noting.value) sendNote();
    else sendReply(resolve);
    return true;
  }

  async function undo(item: MessageItem): Promise<void> {
    const back = await takeBack(item);
    if (!back) return;
    const one = deskOf(item.conversation_id);
    one.mode = "reply";
    one.text = one.text ? `${back.text}\n\n${one.text}` : back.text;
    one.subject = back.subject ?? one.subject;
    one.files.push(
      ...back.attachments.map((file) => ({
        key: file.id,
        name: file.filename,
        size: file.size,
        progress: 1,
        item: file,
        failed: null,
        abort: () => undefined,
      })),
    );
    const way = reaches.value.find((candidate) => candidate.channel_id === back.channel_id);
    if (way && item.conversation_id === id.value) one.reach = reachKey(way);
    await saveDraft(item.conversation_id, back.channel_id, one.text, one.subject).catch(showProblem); // it stands nowhere else now
  }

  watch(
    [id, detail],
    () => {
      const got = detail();
      if (!got || got.listed.row.id !== id.value) return;
      fill(desk.value, got);
      const asked = desk.value.asked;
      desk.value.asked = null;
      if (asked && !noting.value) send(asked === "resolve");
    },
    { immediate: true },
  );
  watch(id, save, { flush: "sync" });
  watch(refused, (no) => {
    if (!no) return;
    const one = deskOf(no.pending.item.conversation_id);
    const note = no.pending.item.direction === "internal";
    const key = note ? "note" : "text";
    one[key] = one[key] ? `${no.pending.item.text}\n\n${one[key]}` : no.pending.item.text;
    one.mode = note ? "note" : "reply";
    if (no.code === "newer_reply") one.force = true;
    refused.value = null;
  });
  onUnmounted(save);
  return {
    desk,
    reaches,
    reach,
    capabilities,
    noting,
    text,
    files,
    left,
    careful,
    blocked,
    allowed,
    replying,
    newer,
    choose,
    edited,
    send,
    undo,
  };
}
