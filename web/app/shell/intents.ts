/** How availability looks. */
import type { Intent } from "../../live/wire";

export const intentColours: Record<Intent, string> = { available: "bg-good", away: "bg-orange", offline: "bg-edge" };
