/** A form with a save bar: a draft beside what is saved, the number of changes, save and discard. */
import { computed, onMounted, onUnmounted, ref, shallowRef, type Ref } from "vue";
import { onBeforeRouteLeave } from "vue-router";
import { ask } from "../../ui/confirm";
import { changesOf, countOf } from "./formDraft";
import { useTry } from "../common/useTry";
import { t } from "./words";

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

export function useForm<T extends object>(
  empty: T,
  store: (changes: Partial<T>, draft: T) => Promise<T | void>,
  fields?: () => readonly string[],
) {
  const saved = shallowRef<T>(copy(empty));
  const draft = ref(copy(empty)) as Ref<T>;
  const told = useTry(fields ?? (() => Object.keys(draft.value)));
  const count = computed(() => countOf(saved.value, draft.value));

  function fill(value: T): void {
    saved.value = copy(value);
    draft.value = copy(value);
  }
  const discard = (): void => fill(saved.value);
  const save = (): Promise<boolean> =>
    told.attempt(async () => {
      const after = await store(changesOf(saved.value, draft.value), draft.value);
      fill(after ?? draft.value);
    });

  const warn = (event: BeforeUnloadEvent): void => {
    if (count.value) event.preventDefault();
  };
  onMounted(() => window.addEventListener("beforeunload", warn));
  onUnmounted(() => window.removeEventListener("beforeunload", warn));
  onBeforeRouteLeave(
    async () => count.value === 0 || ask({ title: t("leaveTitle"), text: t("leaveText"), action: t("leaveAction") }),
  );
  return { saved, draft, count, fill, discard, save, ...told };
}
export type Form<T extends object> = ReturnType<typeof useForm<T>>;
