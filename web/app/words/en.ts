import { inbox } from "./en.inbox";
import { frame } from "./en.frame";

export const en = { ...frame, ...inbox } as const;
