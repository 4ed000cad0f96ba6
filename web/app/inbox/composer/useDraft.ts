/** Saves drafts on the server, and shows colleagues who is typing. */
import { onUnmounted, watch, type Ref } from "vue";
import type { Id, MessageItem, Reach } from "../../../api/types";
import { sendCommand } from "../../common/store";
import { saveDraft } from "../actions";
import type { ComposerState } from "./composerState";

const SAVE_AFTER_MS = 800; // since the last key
const TYPING_EVERY_MS = 3000;

interface Written {
  id: Ref<Id>;
  composer: Ref<ComposerState>;
  reach: Ref<Reach | null>;
  messages: Ref<readonly MessageItem[]>;
}

export function useDraft({ id, composer, reach, messages }: Written) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let typedAt = 0;
  let unsaved: (() => Promise<void>) | null = null;

  function discard(): void {
    clearTimeout(timer);
    unsaved = null;
  }

  function save(): void {
    const run = unsaved;
    discard();
    void run?.().catch(() => undefined); // the text stays in the composer; the next key tries again
  }

  function edited(): void {
    const written = composer.value; // of this conversation, also when another one is open by the time it is saved
    const { mode } = written;
    const conversation = id.value;
    const channel = mode === "note" ? null : (reach.value?.channel_id ?? null);
    if (!written.text) written.seen = null;
    else written.seen ??= messages.value.at(-1)?.id ?? null;
    clearTimeout(timer);
    timer = setTimeout(save, SAVE_AFTER_MS);
    unsaved = async () => {
      if (mode === "note") await saveDraft(conversation, null, written.note, null);
      else if (channel) await saveDraft(conversation, channel, written.text, written.subject);
    };
    if (Date.now() - typedAt > TYPING_EVERY_MS && (mode === "note" ? written.note : written.text)) {
      typedAt = Date.now();
      sendCommand({ type: "type", conversation_id: conversation, mode });
    }
  }

  /** Chooses the channel and address to reply to; the draft moves along. */
  function choose(key: string): void {
    const before = reach.value?.channel_id ?? null;
    composer.value.reach = key;
    composer.value.mode = "reply";
    if (before && before !== reach.value?.channel_id && composer.value.text) {
      void saveDraft(id.value, before, "", null).catch(() => undefined);
      edited();
    }
  }

  watch(id, save, { flush: "sync" });
  onUnmounted(save);
  return { edited, choose, discard };
}
export type Draft = ReturnType<typeof useDraft>;
