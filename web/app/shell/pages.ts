/** The paths of all pages, for the server: it answers them with the app, and any other path with status 404. */
import type { RouteRecordRaw } from "vue-router";

const SEGMENT = /^:?[\w-]+$/;

/** "/inbox/:view/:of?" is two paths: with its optional last segment and without it. */
function expanded(path: string): string[] {
  const shorter = path.endsWith("?") ? expanded(path.slice(0, path.lastIndexOf("/"))) : [];
  const whole = path.replace(/\?$/, "");
  const segments = whole.split("/").slice(1);
  if (whole !== "/" && !segments.every((segment) => SEGMENT.test(segment))) {
    throw new Error(
      `The server cannot match the path "${path}": only words, ":name" and a last ":name?" are possible.`,
    );
  }
  return [...shorter, whole];
}

function pathsOf(route: RouteRecordRaw, parent: string): string[] {
  const path = route.path.startsWith("/") ? route.path : [parent, route.path].filter(Boolean).join("/");
  const own = route.component || route.redirect ? expanded(path) : [];
  return [...own, ...(route.children ?? []).flatMap((child) => pathsOf(child, path))];
}

export const pagesOf = (routes: readonly RouteRecordRaw[]): string[] =>
  [...new Set(routes.flatMap((route) => pathsOf(route, "")))].sort();
