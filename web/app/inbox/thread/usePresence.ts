/** The colleagues who view a conversation or type in it, and whether the customer is typing. */
import { computed } from "vue";
import type { Id } from "../../../api/types";
import { me } from "../../common/session";
import { nameOf, state } from "../../common/store";
import { t } from "../words";

export interface Chip {
  id: Id;
  name: string;
  words: string;
  writing: boolean;
}

export function usePresence(id: () => Id | null) {
  const typists = computed(() => state.value.writing.get(id() ?? "") ?? new Map());
  const chips = computed<Chip[]>(() => {
    const looking = state.value.viewing.get(id() ?? "") ?? [];
    const all = new Set([...typists.value.keys(), ...looking].filter((agent) => agent && agent !== me.value?.id));
    return [...all].map((agent) => {
      const name = nameOf(agent).split(" ")[0] || t("colleague");
      const typist = typists.value.get(agent);
      return {
        id: agent,
        name,
        writing: Boolean(typist),
        words: t(typist ? (typist.mode === "note" ? "isNoting" : "isReplying") : "isViewing", { name }),
      };
    });
  });
  const customerWrites = computed(() => typists.value.has(""));
  const replying = computed(
    () => chips.value.find((chip) => chip.writing && typists.value.get(chip.id)?.mode === "reply") ?? null,
  );
  return { chips, customerWrites, replying };
}
