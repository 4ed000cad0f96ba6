/** The pages of setting up, each loaded when it is first opened; who may not see one lands on the own profile. */
import type { RouteRecordRaw } from "vue-router";
import { may } from "../common/session";

const only = (right: string) => () => may(right) || "/profile";

export const routes: RouteRecordRaw[] = [
  {
    path: "/settings",
    component: () => import("./SettingsFrame.vue"),
    children: [
      { path: "", component: { render: () => null }, beforeEnter: () => (may("channels:read") ? "/settings/channels" : "/profile") },
      { path: "channels", component: () => import("./channels/ChannelsPage.vue"), beforeEnter: only("channels:read") },
      { path: "channels/new", component: () => import("./channels/NewChannelPage.vue"), beforeEnter: only("channels:write") },
      { path: "channels/:id", component: () => import("./channels/ChannelPage.vue"), beforeEnter: only("channels:read") },
      { path: "people", component: () => import("./people/PeoplePage.vue"), beforeEnter: only("agents:read") },
      { path: "people/:id", component: () => import("./people/PersonPage.vue"), beforeEnter: only("agents:write") },
      { path: "teams", component: () => import("./people/TeamsPage.vue"), beforeEnter: only("agents:read") },
      { path: "teams/:id", component: () => import("./people/TeamPage.vue"), beforeEnter: only("agents:write") },
      { path: "demo", component: () => import("./demo/DemoPage.vue"), beforeEnter: only("settings:write") },
    ],
  },
  { path: "/profile", component: () => import("./SettingsFrame.vue"), children: [{ path: "", component: () => import("./profile/ProfilePage.vue") }] },
  { path: "/deliveries", component: () => import("../operations/DeliveriesPage.vue"), beforeEnter: only("deliveries:read") },
];
