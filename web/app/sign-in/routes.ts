import type { Feature } from "../common/feature";

const meta = { open: true };

export const routes: Feature["routes"] = [
  { path: "/sign-in", component: () => import("./SignIn.vue"), meta },
  { path: "/sign-in/link", component: () => import("./UseLink.vue"), meta },
  { path: "/sign-in/forgot", component: () => import("./Forgot.vue"), meta },
  { path: "/invitation", component: () => import("./SetPassword.vue"), meta },
  { path: "/reset", component: () => import("./SetPassword.vue"), meta },
];
