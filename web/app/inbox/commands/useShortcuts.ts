/** Maps a key press to a command, unless a window is open or the agent is typing. */
import { onMounted, onUnmounted } from "vue";
import { isTyping, readKey, sequences } from "../../../text/keys";
import { me } from "../../common/session";
import { overlay } from "../../common/overlays";
import { byKey } from "./commands";

const mac = /Mac|iP(hone|ad)/.test(navigator.platform);
const inMenu = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('[role="menu"], [role="dialog"]') !== null;
/** Enter on a link or button presses it; the arrows scroll a focused thread. */
function isOwnKey(key: string, target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  if (key === "enter") return target.matches("a, button, summary, [role=radio]");
  return (key === "down" || key === "up") && target.closest("#thread, [role=radiogroup]") !== null;
}

export function useShortcuts(run: (name: string) => boolean): void {
  const pair = sequences(new Set(["g"]));
  function press(event: KeyboardEvent): void {
    if (event.defaultPrevented || inMenu(event.target)) return;
    const key = readKey(event, { typing: isTyping(event.target), single: me.value?.single_keys ?? true, mac });
    if (!key || isOwnKey(key, event.target)) return;
    if (overlay.value && key !== "mod+k") return;
    const full = pair(key);
    const name = full ? byKey.get(full) : undefined;
    if (name && run(name)) event.preventDefault();
  }
  onMounted(() => window.addEventListener("keydown", press));
  onUnmounted(() => window.removeEventListener("keydown", press));
}
