/** The pages; `meta.open` ones need no sign-in. app/admin/routes.ts brings its own. */
import { createRouter, createWebHistory, type RouteRecordRaw } from "vue-router";
import { recall } from "../common/session";

declare module "vue-router" {
  interface RouteMeta { open?: boolean; right?: string }
}

const added = import.meta.glob<{ routes: RouteRecordRaw[] }>("../settings/routes.ts", { eager: true });

const routes: RouteRecordRaw[] = [
  { path: "/", redirect: "/inbox/mine" },
  { path: "/inbox", redirect: "/inbox/mine" },
  { path: "/c/:id", redirect: (to) => ({ path: "/inbox/open", query: { open: String(to.params.id) } }) },
  { path: "/sign-in", component: () => import("../sign-in/SignIn.vue"), meta: { open: true } },
  { path: "/sign-in/link", component: () => import("../sign-in/UseLink.vue"), meta: { open: true } },
  { path: "/sign-in/forgot", component: () => import("../sign-in/Forgot.vue"), meta: { open: true } },
  { path: "/invitation", component: () => import("../sign-in/SetPassword.vue"), meta: { open: true } },
  { path: "/reset", component: () => import("../sign-in/SetPassword.vue"), meta: { open: true } },
  { path: "/inbox/:view/:of?", name: "inbox", component: () => import("../inbox/InboxPage.vue") },
  ...Object.values(added).flatMap((module) => module.routes),
  { path: "/:rest(.*)*", component: () => import("./NotFound.vue") },
];

export const router = createRouter({ history: createWebHistory(), routes });

router.beforeEach(async (to) => {
  if (to.meta.open) return true;
  if (await recall()) return true;
  return { path: "/sign-in", query: to.fullPath === "/" ? {} : { next: to.fullPath } };
});
