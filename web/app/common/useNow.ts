/** The time, updated each half minute, for “5 min ago”; `useSeconds` each second, for countdowns. */
import { onUnmounted, shallowRef, type ShallowRef } from "vue";

const shared = shallowRef(Date.now());
setInterval(() => {
  shared.value = Date.now();
}, 30_000);
export const now = shared;

export function useSeconds(): ShallowRef<number> {
  const at = shallowRef(Date.now());
  const timer = setInterval(() => {
    at.value = Date.now();
  }, 500);
  onUnmounted(() => clearInterval(timer));
  return at;
}
