import { Settings } from "@lucide/vue";
import type { Right } from "../../api/types";
import type { Feature, RailEntry } from "../common/feature";

export const rail: RailEntry = { to: "/settings", label: { en: "Settings", es: "Ajustes" }, icon: Settings, order: 9 };

const frame = () => import("./SettingsFrame.vue");
const needs = (right: Right) => ({ meta: { right } });

export const routes: Feature["routes"] = [
  {
    path: "/settings",
    component: frame,
    redirect: "/settings/channels",
    children: [
      { path: "channels", component: () => import("./channels/ChannelsPage.vue"), ...needs("channels:read") },
      { path: "channels/new", component: () => import("./channels/NewChannelPage.vue"), ...needs("channels:write") },
      { path: "channels/:id", component: () => import("./channels/ChannelPage.vue"), ...needs("channels:read") },
      { path: "people", component: () => import("./people/PeoplePage.vue"), ...needs("agents:read") },
      { path: "people/:id", component: () => import("./people/PersonPage.vue"), ...needs("agents:write") },
      { path: "teams", component: () => import("./people/TeamsPage.vue"), ...needs("agents:read") },
      { path: "teams/:id", component: () => import("./people/TeamPage.vue"), ...needs("agents:write") },
      { path: "demo", component: () => import("./demo/DemoPage.vue"), ...needs("settings:write") },
    ],
  },
  {
    path: "/profile",
    component: frame,
    children: [{ path: "", component: () => import("./profile/ProfilePage.vue") }],
  },
];
