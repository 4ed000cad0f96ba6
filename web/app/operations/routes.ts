import { Truck } from "@lucide/vue";
import type { Feature, RailEntry } from "../common/feature";

const right = "deliveries:read";

export const rail: RailEntry = {
  to: "/deliveries",
  label: { en: "Deliveries", es: "Envíos" },
  icon: Truck,
  order: 2,
  right,
};

export const routes: Feature["routes"] = [
  { path: "/deliveries", component: () => import("./DeliveriesPage.vue"), meta: { right } },
];
