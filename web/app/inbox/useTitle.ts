/** The tab's title, with the number of the agent's conversations that have something new. */
import { computed, watchEffect } from "vue";
import { unread } from "../../live/state";
import { state } from "../common/store";

const fresh = computed(
  () =>
    (state.value.views.get("mine")?.ids ?? []).filter((id) => {
      const listed = state.value.rows.get(id);
      return listed && unread(listed) > 0;
    }).length,
);

export function useTitle(name: () => string): void {
  watchEffect(() => {
    document.title = `${fresh.value ? `(${fresh.value}) ` : ""}${name()} · hub`;
  });
}
