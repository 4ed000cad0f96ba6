import type { Translation } from "../../live/i18n";
import type { inbox as english } from "./en.inbox";

export const inbox: Translation<typeof english> = { viewMine: "Mi bandeja" };
