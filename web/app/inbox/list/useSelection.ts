/** Moves through a view, selects several conversations, and returns the targets of commands. */
import { computed, shallowRef, watch } from "vue";
import { useRoute, useRouter } from "vue-router";
import type { Id } from "../../../api/types";
import { state } from "../../common/store";
import { useRouteView } from "./views";

export function useSelection() {
  const route = useRoute();
  const router = useRouter();
  const { view, open, item } = useRouteView();
  const marked = shallowRef<ReadonlySet<Id>>(new Set());
  const ids = computed(() => state.value.views.get(view.value)?.ids ?? []);
  const targets = computed<Id[]>(() => (marked.value.size > 0 ? [...marked.value] : open.value ? [open.value] : []));

  function show(id: Id | null, push = true): void {
    const query = { ...route.query, open: id ?? undefined };
    void (push ? router.push({ query }) : router.replace({ query }));
  }

  /** The neighbour in the list, or null at its end. */
  function neighbour(step: number): Id | null {
    const at = open.value ? ids.value.indexOf(open.value) : -1;
    if (at < 0) return ids.value[0] ?? null;
    return ids.value[at + step] ?? null;
  }

  function walk(step: number): void {
    const next = neighbour(step);
    if (next && next !== open.value) show(next, false);
  }

  /** The conversation to open after these have left the list. */
  function after(leaving: readonly Id[]): Id | null {
    const at = open.value ? ids.value.indexOf(open.value) : 0;
    const stays = (id: Id): boolean => !leaving.includes(id);
    return ids.value.slice(Math.max(0, at)).find(stays) ?? ids.value.slice(0, Math.max(0, at)).findLast(stays) ?? null;
  }

  function toggle(id: Id | null): void {
    if (!id) return;
    const next = new Set(marked.value);
    if (!next.delete(id)) next.add(id);
    marked.value = next;
  }

  function extend(step: number): void {
    const next = neighbour(step);
    marked.value = new Set([...marked.value, ...(open.value ? [open.value] : []), ...(next ? [next] : [])]);
    walk(step);
  }

  const clear = (): void => {
    marked.value = new Set();
  };
  watch(view, clear);
  return { view, open, item, ids, marked, targets, show, walk, after, toggle, extend, clear };
}
