/** Light, dark, or the system's choice. */
import { shallowRef } from "vue";
import type { Theme } from "../../api/types";

export const theme = shallowRef<Theme>("system");
const system = matchMedia("(prefers-color-scheme: dark)");

function paint(): void {
  const dark = theme.value === "dark" || (theme.value === "system" && system.matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}

export function setTheme(wanted: Theme): void {
  theme.value = wanted;
  localStorage.setItem("hub.theme", wanted);
  paint();
}

export function applyStoredTheme(): void {
  const stored = localStorage.getItem("hub.theme");
  theme.value = stored === "light" || stored === "dark" ? stored : "system";
  system.addEventListener("change", paint);
  paint();
}
