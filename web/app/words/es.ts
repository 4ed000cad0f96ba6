import type { Translation } from "../../live/i18n";
import { inbox } from "./es.inbox";
import { frame } from "./es.frame";
import type { en } from "./en";

export const es: Translation<typeof en> = { ...frame, ...inbox };
