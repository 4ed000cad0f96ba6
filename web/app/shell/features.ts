/** All features: every folder of `app/` with a `routes.ts` is one, without registration. */
import type { Feature, RailEntry } from "../common/feature";

const features = Object.values(import.meta.glob<Feature>("../*/routes.ts", { eager: true }));

export const routes = features.flatMap((feature) => feature.routes);
export const rail: RailEntry[] = features.flatMap((feature) => feature.rail ?? []).sort((a, b) => a.order - b.order);
