/** Sends a reply or a note, takes it back on undo, and returns refused text to the composer. */
import { watch, type Ref } from "vue";
import type { Capabilities, ConversationDetail, Id, Listed, MessageItem, Reach, TakenBack } from "../../../api/types";
import { showProblem } from "../../common/problems";
import { me } from "../../common/session";
import { outbox, refused, state } from "../../common/store";
import { rememberUndo } from "../../common/undo";
import { saveDraft, takeBack } from "../actions";
import { composerOf, fill, reachKey, type ComposerFile, type ComposerState } from "./composerState";
import { noteItem, readAddresses, replyItem, type Reply } from "./optimisticMessage";
import type { Draft } from "./useDraft";

interface Sendable {
  listed: () => Listed;
  detail: () => ConversationDetail | null;
  composer: Ref<ComposerState>;
  reach: Ref<Reach | null>;
  capabilities: Ref<Capabilities | null>;
  careful: Ref<boolean>;
  blocked: Ref<boolean>;
  allowed: Ref<boolean>;
  messages: Ref<readonly MessageItem[]>;
  draft: Draft;
}

const uploaded = (item: TakenBack["attachments"][number]): ComposerFile => ({
  key: item.id,
  name: item.filename,
  size: item.size,
  progress: 1,
  item,
  failed: null,
  abort: () => undefined,
});
const joined = (first: string, second: string): string => (second ? `${first}\n\n${second}` : first);

export function useSend({
  listed,
  detail,
  composer,
  reach,
  capabilities,
  careful,
  blocked,
  allowed,
  messages,
  draft,
}: Sendable) {
  const id = (): Id => listed().row.id;
  const path = (of: "notes" | "replies"): string => `/api/conversations/${id()}/${of}`;

  function sendNote(): void {
    const { note } = composer.value;
    const mentions = [...state.value.agents.values()]
      .filter((agent) => note.includes(`@${agent.name}`))
      .map((agent) => agent.id);
    const item = noteItem(listed().row, me.value!, note.trim(), mentions);
    void outbox.send(item, path("notes"), { id: item.id, text: item.text, mentions });
    draft.discard();
    composer.value.note = "";
  }

  /** The newest message that the agent has read: the server refuses a reply to an outdated conversation. */
  function lastSeen(): { last_seen_id: Id } | { seen: number } {
    const last = composer.value.seen ?? messages.value.at(-1)?.id;
    return last ? { last_seen_id: last } : { seen: listed().row.inbound_count };
  }

  function written(): Reply {
    const { text, subject, cc, files } = composer.value;
    const hasSubject = capabilities.value?.subject ?? false;
    return {
      reach: reach.value!,
      text: text.trim(),
      subject: hasSubject ? subject : null,
      cc: hasSubject ? readAddresses(cc) : [],
      files: files.flatMap((file) => file.item ?? []),
    };
  }

  function sendReply(resolve: boolean): void {
    const reply = written();
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
      ...lastSeen(),
      ...(careful.value ? { force: true } : {}),
    };
    void outbox.send(item, path("replies"), body);
    rememberUndo(() => undo(item));
    draft.discard();
    Object.assign(composer.value, { text: "", subject: null, cc: "", files: [], seen: null, force: false });
  }

  /** True when it was sent. A reply written before the conversation has loaded is sent once it has. */
  function send(resolve = false): boolean {
    const noting = composer.value.mode === "note";
    const loaded = detail()?.listed.row.id === id();
    if (!loaded && !noting && composer.value.text.trim()) {
      composer.value.sendOnceLoaded = resolve ? "resolve" : "send";
      return false;
    }
    if (blocked.value || !allowed.value || !me.value) return false;
    if (noting) sendNote();
    else sendReply(resolve);
    return true;
  }

  /** Takes a queued reply back into the composer. */
  async function undo(item: MessageItem): Promise<void> {
    const back = await takeBack(item);
    if (!back) return;
    const target = composerOf(item.conversation_id);
    target.mode = "reply";
    target.text = joined(back.text, target.text);
    target.subject = back.subject ?? target.subject;
    target.files.push(...back.attachments.map(uploaded));
    const used = detail()?.reach.find((one) => one.channel_id === back.channel_id);
    if (used && item.conversation_id === id()) target.reach = reachKey(used);
    // The text exists nowhere else now: save it at once.
    await saveDraft(item.conversation_id, back.channel_id, target.text, target.subject).catch(showProblem);
  }

  watch(
    [id, detail],
    () => {
      const loaded = detail();
      if (!loaded || loaded.listed.row.id !== id()) return;
      fill(composer.value, loaded);
      const waiting = composer.value.sendOnceLoaded;
      composer.value.sendOnceLoaded = null;
      if (waiting && composer.value.mode === "reply") send(waiting === "resolve");
    },
    { immediate: true },
  );
  watch(refused, (refusal) => {
    if (!refusal) return;
    const { item } = refusal.pending;
    const target = composerOf(item.conversation_id);
    target.mode = item.direction === "internal" ? "note" : "reply";
    const field = target.mode === "note" ? "note" : "text";
    target[field] = joined(item.text, target[field]);
    if (refusal.code === "newer_reply") target.force = true;
    refused.value = null;
  });
  return { send, undo };
}
