/** One try at the door: busy while it runs, and what went wrong in words. */
import { ref } from "vue";
import { Problem } from "../../api/client";
import { fromServer, t } from "../../ui/i18n";

export function useAttempt(refused: Partial<Record<number, () => string>> = {}) {
  const busy = ref(false);
  const error = ref<string | null>(null);

  function words(reason: unknown): string {
    if (!(reason instanceof Problem)) return t("problem", { detail: String(reason) });
    if (reason.status === 429) return t("tooMany", { count: reason.retryAfter ?? 60 });
    if (reason.offline) return t("unreachable");
    return refused[reason.status]?.() ?? fromServer(reason.message);
  }

  async function attempt(act: () => Promise<unknown>): Promise<boolean> {
    if (busy.value) return false;
    busy.value = true;
    error.value = null;
    try {
      await act();
      return true;
    } catch (reason) {
      error.value = words(reason);
      return false;
    } finally {
      busy.value = false;
    }
  }
  return { busy, error, attempt };
}

/** The token of a mailed link: it travels in the fragment, so that no server log ever sees it. */
export function tokenFromFragment(): string {
  return new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
}
