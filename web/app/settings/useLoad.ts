/** The data of a page: loaded when it opens and again on demand; old data stays if that fails. */
import { shallowRef } from "vue";
import { problemText } from "../common/problems";

export function useLoad<T>(fetch: () => Promise<T>) {
  const data = shallowRef<T | null>(null);
  const error = shallowRef<string | null>(null);
  let newest = 0;

  async function load(): Promise<void> {
    const mine = ++newest;
    try {
      const got = await fetch();
      if (mine !== newest) return;
      data.value = got;
      error.value = null;
    } catch (reason) {
      if (mine === newest) error.value = problemText(reason);
    }
  }
  void load();
  return { data, error, load };
}
