/** The window that is open over the page; one at a time. */
import { shallowRef } from "vue";

export type Overlay = "palette" | "search" | "shortcuts" | "assign" | "snooze" | "tag" | "merge";

export const overlay = shallowRef<Overlay | null>(null);
export const openOverlay = (wanted: Overlay): void => {
  overlay.value = wanted;
};
export const openShortcuts = (): void => openOverlay("shortcuts");
