/** Colours of availability. */
import type { Intent } from "../../api/types";

export const availabilityColours: Record<Intent, string> = {
  available: "bg-good",
  away: "bg-orange",
  offline: "bg-edge",
};
