/** Keys that work on every page: the map of all keys, and the ways to the lists. The inbox handles its own. */
import { useRoute, useRouter } from "vue-router";
import { useShortcuts } from "../inbox/commands/useShortcuts";
import { me } from "../common/session";
import { openShortcuts } from "../common/overlays";

const pages: Readonly<Record<string, string>> = {
  goMine: "/inbox/mine",
  goUnassigned: "/inbox/unassigned",
  goMentions: "/inbox/mentions",
  goSettings: "/settings",
};

export function useGlobalKeys(): void {
  const route = useRoute();
  const router = useRouter();
  useShortcuts((name) => {
    if (!me.value || route.meta.open || route.name === "inbox") return false;
    if (name === "shortcuts") openShortcuts();
    else if (pages[name]) void router.push(pages[name]);
    else return false;
    return true;
  });
}
