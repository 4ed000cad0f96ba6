import { wordsOf } from "../i18n";
import { en } from "./en";

export const t = wordsOf(en, async () => (await import("./es")).es);
export type Word = Parameters<typeof t>[0];
