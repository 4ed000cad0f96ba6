/** One view of the inbox: its ids, its pages, its error. */
import { computed, shallowRef, watch } from "vue";
import { Problem } from "../../../api/client";
import { loadView } from "../actions";
import { ready, state } from "../../common/store";
import { refusalText } from "../../common/errorText";
import { t } from "../words";

export function useList(view: () => string) {
  const known = computed(() => state.value.views.get(view()));
  const ids = computed(() => known.value?.ids ?? []);
  const loaded = computed(() => known.value !== undefined);
  const missing = computed(() => (known.value?.next ?? null) !== null);
  const error = shallowRef<string | null>(null);
  let busy = false;

  async function load(after: string | null): Promise<void> {
    if (busy && after !== null) return;
    busy = true;
    try {
      error.value = null;
      await loadView(view(), after);
    } catch (reason) {
      error.value = reason instanceof Problem && !reason.offline ? refusalText(reason) : t("unreachable");
    } finally {
      busy = false;
    }
  }

  const reload = (): Promise<void> => load(null);
  const more = async (): Promise<void> => {
    if (known.value?.next && !error.value) await load(known.value.next);
  };
  watch(
    [view, ready, loaded],
    () => {
      if (ready.value && !loaded.value) void reload();
    },
    { immediate: true },
  );
  return { ids, loaded, missing, error, more, reload };
}
