/** The open conversation: its row, its detail, its customer's timeline, and its read position. */
import { computed, onUnmounted, shallowRef, watch } from "vue";
import { Problem } from "../../../api/client";
import { unread } from "../../../live/state";
import type { ConversationDetail, Id } from "../../../api/types";
import { may } from "../../common/session";
import { loadDetail, loadTimeline, markRead } from "../actions";
import { listedOf, ready, sendCommand, state } from "../../common/store";
import { t } from "../words";
import { showProblem } from "../../common/problems";

export function useConversation(id: () => Id | null) {
  const detail = shallowRef<ConversationDetail | null>(null);
  const error = shallowRef<string | null>(null);
  const unreadAtOpen = shallowRef(0);
  const listed = computed(() => listedOf(id()));
  const contact = computed(() => listed.value?.row.contact.id ?? null);
  const thread = computed(() => (contact.value ? (state.value.threads.get(contact.value) ?? null) : null));
  let leftUnread: Id | null = null;
  let asking: AbortController | null = null;

  async function load(withTimeline: boolean): Promise<void> {
    const wanted = id();
    if (!wanted || !ready.value) return;
    asking?.abort();
    const mine = new AbortController();
    asking = mine;
    try {
      const got = await loadDetail(wanted, mine.signal);
      if (id() !== wanted) return;
      if (detail.value?.listed.row.id !== wanted) unreadAtOpen.value = unread(got.listed);
      detail.value = got;
      error.value = null;
      if (withTimeline || !thread.value) await loadTimeline(wanted, got.listed.row.contact.id, null, mine.signal);
    } catch (reason) {
      if (reason instanceof DOMException || id() !== wanted) return;
      error.value =
        reason instanceof Problem && (reason.status === 404 || reason.status === 403)
          ? t("goneConversation")
          : t("unreachable");
    }
  }

  async function older(): Promise<void> {
    const before = thread.value?.previous;
    if (!before || !id() || !contact.value) return;
    await loadTimeline(id()!, contact.value, before).catch(showProblem);
  }

  function see(): void {
    const one = listed.value;
    if (!one || leftUnread === one.row.id || document.hidden || !may("conversations:write")) return;
    if (unread(one) > 0) void markRead(one.row.id, one.row.inbound_count);
  }

  function markUnread(): void {
    const one = listed.value;
    if (!one || one.row.inbound_count === 0) return;
    leftUnread = one.row.id;
    void markRead(one.row.id, one.row.inbound_count - 1, true);
  }

  watch(
    [id, ready],
    () => {
      detail.value = null;
      error.value = null;
      leftUnread = null;
      unreadAtOpen.value = listed.value ? unread(listed.value) : 0;
      void load(true);
      sendCommand({ type: "look", conversation_id: id() });
    },
    { immediate: true },
  );
  watch(
    () => state.value.resets,
    () => void load(true),
  );
  watch(
    [
      () => listed.value?.row.channel_id,
      () => contact.value && state.value.touched.get(contact.value),
      () => state.value.channels,
    ],
    () => {
      if (detail.value) void load(false);
    },
  );
  watch(listed, (now, before) => {
    if (!now && before?.row.id === id() && state.value.gone.has(before.row.id)) error.value = t("goneConversation");
  });
  watch(thread, (now) => {
    if (!now && detail.value && id()) void load(true);
  });

  const looking = setInterval(() => {
    if (!document.hidden) sendCommand({ type: "look", conversation_id: id() });
  }, 20_000);
  onUnmounted(() => {
    clearInterval(looking);
    sendCommand({ type: "look", conversation_id: null });
  });
  return { detail, listed, thread, error, unreadAtOpen, older, see, markUnread, reload: () => load(true) };
}
export type OpenConversation = ReturnType<typeof useConversation>;
