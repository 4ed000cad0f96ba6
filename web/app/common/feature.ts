/**
 * What a feature's `routes.ts` exports. The shell makes the router and the rail from it, the build the server's list of
 * pages.
 */
import type { Component } from "vue";
import type { RouteRecordRaw } from "vue-router";
import type { Right } from "../../api/types";
import type { Language } from "../../text/i18n";

/** An entry of the rail. It carries its label, so that the rail shows before the feature's own code is loaded. */
export interface RailEntry {
  to: string;
  label: Readonly<Record<Language, string>>;
  icon: Component;
  order: number;
  right?: Right;
}

export interface Feature {
  /**
   * Paths may contain `:name` and, at their end, `:name?`. `meta.right` names the right a page needs; `meta.open` marks
   * pages without sign-in.
   */
  routes: readonly RouteRecordRaw[];
  rail?: RailEntry;
}

declare module "vue-router" {
  interface RouteMeta {
    open?: boolean;
    right?: Right;
  }
}
