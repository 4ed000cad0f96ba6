/** Runs one request at a time: `busy` while it runs, and its error in words, at the field that the server names. */
import { computed, shallowRef } from "vue";
import { Problem } from "../../api/client";
import { toast } from "../../ui/toast";
import { problemText, type Refusals } from "./problems";

/** `fields` names the fields that show their own errors; every other error goes to `error`. */
export function useTry(fields: () => readonly string[] = () => [], refusals: Refusals = {}) {
  const busy = shallowRef(false);
  const text = shallowRef<string | null>(null);
  const at = shallowRef<string | null>(null);

  const error = computed(() => (at.value ? null : text.value));
  const errorAt = (field: string): string | null => (at.value === field ? text.value : null);

  async function attempt(run: () => Promise<unknown>): Promise<boolean> {
    if (busy.value) return false;
    busy.value = true;
    text.value = at.value = null;
    try {
      await run();
      return true;
    } catch (reason) {
      text.value = problemText(reason, refusals);
      at.value = reason instanceof Problem && reason.field && fields().includes(reason.field) ? reason.field : null;
      return false;
    } finally {
      busy.value = false;
    }
  }
  return { busy, error, errorAt, attempt };
}

/** For a button without a place for errors: they are shown as a toast. */
export async function tryOrToast(run: () => Promise<unknown>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (reason) {
    toast(problemText(reason), { tone: "bad" });
    return false;
  }
}
