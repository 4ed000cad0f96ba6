/** The router, made from the features' routes: signing in first, then the right a page needs. */
import { createRouter, createWebHistory } from "vue-router";
import { wordsLoaded } from "../../ui/i18n";
import { may, loadMe } from "../common/session";
import { routes } from "./features";

export const router = createRouter({
  history: createWebHistory(),
  routes: [...routes, { path: "/:rest(.*)*", component: () => import("./NotFound.vue") }],
});

router.beforeEach(async (to) => {
  if (to.meta.open) return true;
  if (!(await loadMe())) return { path: "/sign-in", query: to.fullPath === "/" ? {} : { next: to.fullPath } };
  return !to.meta.right || may(to.meta.right) || "/profile";
});

router.beforeResolve(async () => {
  await wordsLoaded();
});
