/** The shortcut of a key press: without Alt and AltGraph, and single keys only outside text fields. Pure. */

export interface KeyLike {
  key: string;
  altKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  isComposing?: boolean;
  getModifierState?: (name: "AltGraph") => boolean;
}
export interface KeyContext {
  typing: boolean;
  single: boolean;
  mac: boolean;
}

const NAMES: Record<string, string> = { ArrowDown: "down", ArrowUp: "up", Enter: "enter", Escape: "escape" };

/** "mod+k", "mod+shift+enter", "shift+e", "j", "?" … or null if the key press is no shortcut. */
export function readKey(event: KeyLike, { typing, single, mac }: KeyContext): string | null {
  if (event.isComposing || event.altKey || event.getModifierState?.("AltGraph")) return null;
  const mod = mac ? event.metaKey : event.ctrlKey;
  if (mac ? event.ctrlKey : event.metaKey) return null;
  const letter = /^[a-z]$/i.test(event.key);
  const name = NAMES[event.key] ?? (letter ? event.key.toLowerCase() : event.key);
  const shifted = event.shiftKey && (letter || name in { enter: 1, down: 1, up: 1 });
  const full = `${mod ? "mod+" : ""}${shifted ? "shift+" : ""}${name}`;
  if (mod || name === "escape") return full;
  if (typing) return null;
  const always = name === "enter" || name === "down" || name === "up";
  return single || always ? full : null;
}

const FIELDS = new Set(["INPUT", "TEXTAREA", "SELECT"]);
const BUTTONS = new Set(["checkbox", "radio", "button", "submit"]);

export function isTyping(target: unknown): boolean {
  const element = target as { tagName?: string; type?: string; isContentEditable?: boolean } | null;
  if (!element?.tagName) return false;
  if (element.isContentEditable) return true;
  return FIELDS.has(element.tagName) && !BUTTONS.has(element.type ?? "");
}

/** Two presses in a row ("g i"): remembers the first for a second. */
export function sequences(firsts: ReadonlySet<string>, now: () => number = Date.now) {
  let first = "";
  let at = 0;
  return (key: string): string | null => {
    const pair = first && now() - at < 1200 ? `${first} ${key}` : key;
    first = "";
    if (pair === key && firsts.has(key)) {
      first = key;
      at = now();
      return null;
    }
    return pair;
  };
}
