/** The composer of a conversation: its text, its possible recipients, and the reason why it cannot be sent. */
import { computed } from "vue";
import type { ConversationDetail, Id, Listed, MessageItem } from "../../../api/types";
import { may, me } from "../../common/session";
import { state } from "../../common/store";
import { usePresence } from "../thread/usePresence";
import { composerOf, lengthOf, reachKey } from "./composerState";
import { useDraft } from "./useDraft";
import { useFiles } from "./useFiles";
import { useSend } from "./useSend";

export function useComposer(listed: () => Listed, detail: () => ConversationDetail | null) {
  const id = computed<Id>(() => listed().row.id);
  const composer = computed(() => composerOf(id.value));
  const reaches = computed(() => detail()?.reach ?? []);
  const reach = computed(() => reaches.value.find((one) => reachKey(one) === composer.value.reach) ?? null);
  const capabilities = computed(() =>
    reach.value ? (state.value.channels.get(reach.value.channel_id)?.capabilities ?? null) : null,
  );
  const noting = computed(() => composer.value.mode === "note");
  const text = computed({
    get: () => (noting.value ? composer.value.note : composer.value.text),
    set: (value: string) => {
      composer.value[noting.value ? "note" : "text"] = value;
      draft.edited();
    },
  });
  const files = useFiles(composer, capabilities);
  const { replying } = usePresence(() => id.value);
  const left = computed(() =>
    !noting.value && capabilities.value?.max_chars
      ? capabilities.value.max_chars - lengthOf(composer.value.text)
      : null,
  );
  const messages = computed(() =>
    (state.value.threads.get(listed().row.contact.id)?.items ?? []).filter(
      (item): item is MessageItem => item.type === "message" && item.conversation_id === id.value,
    ),
  );
  /** Whether a colleague has replied since writing began. */
  const overtaken = computed(() => {
    const at = messages.value.findIndex((item) => item.id === composer.value.seen);
    return (
      at >= 0 &&
      messages.value
        .slice(at + 1)
        .some(
          (item) => item.direction === "outbound" && item.author.id !== me.value?.id && item.author.kind === "agent",
        )
    );
  });
  const newer = computed(() => composer.value.force || overtaken.value);
  const careful = computed(() => !noting.value && (newer.value || replying.value !== null));
  const blocked = computed(() => {
    if (noting.value) return !composer.value.note.trim();
    const empty = !composer.value.text.trim() && composer.value.files.length === 0;
    return (
      empty ||
      !reach.value ||
      reach.value.closed !== null ||
      files.busy.value ||
      (left.value !== null && left.value < 0)
    );
  });
  const allowed = computed(() => may(noting.value ? "notes:write" : "messages:write"));
  const draft = useDraft({ id, composer, reach, messages });
  const { send, undo } = useSend({
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
  });

  return {
    composer,
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
    choose: draft.choose,
    edited: draft.edited,
    send,
    undo,
  };
}
