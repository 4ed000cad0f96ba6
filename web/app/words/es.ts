import type { Translation } from "../../text/i18n";
import { inbox } from "../inbox/words/es";
import { frame } from "../shell/words/es";
import type { en } from "./en";

export const es: Translation<typeof en> = { ...frame, ...inbox };
