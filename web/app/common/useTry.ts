/** One request at a time: busy meanwhile, and what went wrong in words, at its field where the server names one. */
import { computed, shallowRef } from "vue";
import { Problem } from "../../api/client";
import { fromServer, t } from "../../ui/i18n";
import { toast } from "../../ui/toast";

export function inWords(reason: unknown): string {
  if (!(reason instanceof Problem)) return t("problem", { detail: reason instanceof Error ? reason.message : String(reason) });
  if (reason.status === 429) return t("tooMany", { count: reason.retryAfter ?? 60 });
  if (reason.offline) return t("unreachable");
  return fromServer(reason.message);
}

/** `fields` names those that show their own complaint; every other one goes to `error`. */
export function useTry(fields: () => readonly string[] = () => []) {
  const busy = shallowRef(false);
  const words = shallowRef<string | null>(null);
  const at = shallowRef<string | null>(null);

  const error = computed(() => (at.value ? null : words.value));
  const errorAt = (field: string): string | null => (at.value === field ? words.value : null);

  async function attempt(act: () => Promise<unknown>): Promise<boolean> {
    if (busy.value) return false;
    busy.value = true;
    words.value = at.value = null;
    try {
      await act();
      return true;
    } catch (reason) {
      words.value = inWords(reason);
      at.value = reason instanceof Problem && reason.field && fields().includes(reason.field) ? reason.field : null;
      return false;
    } finally {
      busy.value = false;
    }
  }
  return { busy, error, errorAt, attempt };
}

/** For a button that needs no place of its own for a complaint. */
export async function tryAloud(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (reason) {
    toast(inWords(reason), { tone: "bad" });
    return false;
  }
}
