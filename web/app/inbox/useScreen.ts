/** The width of the screen, and the panes shown in it. */
import { computed, shallowRef } from "vue";

function matches(query: string) {
  const media = matchMedia(query);
  const value = shallowRef(media.matches);
  media.addEventListener("change", () => {
    value.value = media.matches;
  });
  return value;
}

const phone = matches("(max-width: 768px)");
const wide = matches("(min-width: 1280px)");
const roomy = matches("(min-width: 1100px)");
/** The agent's choice; null follows the width of the screen. */
const viewsWish = shallowRef<boolean | null>(null);
const panelWish = shallowRef<boolean | null>(null);

export function useScreen() {
  const showViews = computed(() => viewsWish.value ?? wide.value);
  const showPanel = computed(() => panelWish.value ?? roomy.value);
  return {
    phone,
    wide,
    roomy,
    showViews,
    showPanel,
    toggleViews: (): void => {
      viewsWish.value = !showViews.value;
    },
    togglePanel: (): void => {
      panelWish.value = !showPanel.value;
    },
    hideViews: (): void => {
      if (!wide.value) viewsWish.value = null;
    },
    hidePanel: (): void => {
      if (!roomy.value) panelWish.value = null;
    },
  };
}
