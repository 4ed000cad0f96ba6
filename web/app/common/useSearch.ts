/** Searches customers and conversations after a pause in typing; late responses to older queries are dropped. */
import { shallowRef, watch, type Ref } from "vue";
import { api, Problem } from "../../api/client";
import type { SearchResult } from "../../api/types";
import { showProblem } from "./problems";

export const SHORTEST = 2;

export function useSearch(query: Readonly<Ref<string>>) {
  const found = shallowRef<SearchResult | null>(null);
  const searching = shallowRef(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking: AbortController | null = null;

  async function ask(text: string): Promise<void> {
    const mine = new AbortController();
    asking = mine;
    try {
      found.value = await api.get<SearchResult>(`/api/search?q=${encodeURIComponent(text)}`, mine.signal);
      searching.value = false;
    } catch (reason) {
      if (!(reason instanceof Problem)) return;
      searching.value = false;
      showProblem(reason);
    }
  }
  watch(query, (text) => {
    clearTimeout(timer);
    asking?.abort();
    if (text.trim().length < SHORTEST) {
      found.value = null;
      searching.value = false;
      return;
    }
    searching.value = true;
    timer = setTimeout(() => void ask(text.trim()), 180);
  });
  return { found, searching };
}

/** The first addresses of a customer that was found. */
export const reachedAt = (one: SearchResult["contacts"][number]): string =>
  one.points
    .map((point) => (typeof point === "string" ? point : point.value))
    .slice(0, 2)
    .join(", ");
