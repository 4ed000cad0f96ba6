/** Short news at the bottom of the screen: `toast("Saved")`, with one action where it can be undone. */
import { shallowRef } from "vue";

export interface ToastItem {
  id: number;
  text: string;
  tone: "plain" | "bad";
  action?: { label: string; run: () => void };
  until: number;
}

export const toasts = shallowRef<readonly ToastItem[]>([]);
let last = 0;

export function toast(
  text: string,
  options: { tone?: "plain" | "bad"; action?: ToastItem["action"]; seconds?: number } = {},
): () => void {
  const id = ++last;
  const seconds = options.seconds ?? (options.tone === "bad" ? 8 : 5);
  const item: ToastItem = {
    id,
    text,
    tone: options.tone ?? "plain",
    action: options.action,
    until: Date.now() + seconds * 1000,
  };
  toasts.value = [...toasts.value, item].slice(-3);
  const dismiss = (): void => {
    toasts.value = toasts.value.filter((other) => other.id !== id);
  };
  setTimeout(dismiss, seconds * 1000);
  return dismiss;
}
