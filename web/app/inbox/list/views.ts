/** The views beside the list, from the server's teams, channels and counts. */
import { AlarmClock, AtSign, CheckCheck, Inbox, Layers, UserRoundX } from "@lucide/vue";
import { computed, type Component } from "vue";
import { useRoute, type RouteLocationRaw } from "vue-router";
import type { ViewKey } from "../../../live/state";
import { state } from "../../common/store";
import { t, type Word } from "../words";

export interface ViewItem {
  key: ViewKey;
  label: string;
  count: number | null;
  icon: Component | null;
  kind: string | null;
  to: RouteLocationRaw;
}

const fixed: {
  key: "mine" | "unassigned" | "mentions" | "snoozed" | "open" | "resolved";
  word: Word;
  icon: Component;
}[] = [
  { key: "mine", word: "viewMine", icon: Inbox },
  { key: "unassigned", word: "viewUnassigned", icon: UserRoundX },
  { key: "mentions", word: "viewMentions", icon: AtSign },
  { key: "snoozed", word: "viewSnoozed", icon: AlarmClock },
  { key: "open", word: "viewOpen", icon: Layers },
  { key: "resolved", word: "viewResolved", icon: CheckCheck },
];

export const mainViews = computed<ViewItem[]>(() =>
  fixed.map(({ key, word, icon }) => ({
    key,
    label: t(word),
    count: key === "resolved" ? null : state.value.counts[key],
    icon,
    kind: null,
    to: `/inbox/${key}`,
  })),
);

export const teamViews = computed<ViewItem[]>(() =>
  [...state.value.teams.values()].map((team) => ({
    key: `team:${team.id}`,
    label: team.name,
    count: state.value.counts.teams[team.id] ?? 0,
    icon: null,
    kind: null,
    to: `/inbox/team/${team.id}`,
  })),
);

export const channelViews = computed<ViewItem[]>(() =>
  [...state.value.channels.values()].map((channel) => ({
    key: `channel:${channel.id}`,
    label: channel.name,
    count: state.value.counts.channels[channel.id] ?? 0,
    icon: null,
    kind: channel.kind,
    to: `/inbox/channel/${channel.id}`,
  })),
);

/** The view that the URL names, and the conversation open in it. */
export function useRouteView() {
  const route = useRoute();
  const view = computed<ViewKey>(() => {
    const name = String(route.params.view ?? "mine");
    return route.params.of ? `${name}:${String(route.params.of)}` : name;
  });
  const open = computed(() => (typeof route.query.open === "string" ? route.query.open : null));
  const item = computed(() =>
    [...mainViews.value, ...teamViews.value, ...channelViews.value].find((one) => one.key === view.value),
  );
  return { view, open, item };
}
