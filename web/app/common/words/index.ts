import { wordsOf } from "../../../ui/i18n";
import { t as ui } from "../../../ui/words";
import { en } from "./en";

export const t = wordsOf(en, async () => (await import("./es")).es, ui);
export type Word = Parameters<typeof t>[0];
