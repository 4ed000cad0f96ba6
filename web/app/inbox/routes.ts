import { Inbox } from "@lucide/vue";
import type { Feature, RailEntry } from "../common/feature";

export const rail: RailEntry = { to: "/inbox/mine", label: { en: "Inbox", es: "Bandeja" }, icon: Inbox, order: 1 };

export const routes: Feature["routes"] = [
  { path: "/", redirect: "/inbox/mine" },
  { path: "/inbox", redirect: "/inbox/mine" },
  { path: "/c/:id", redirect: (to) => ({ path: "/inbox/open", query: { open: String(to.params.id) } }) },
  { path: "/inbox/:view/:of?", name: "inbox", component: () => import("./InboxPage.vue") },
];
