import { wordsOf } from "../../../ui/i18n";
import { t as common } from "../../common/words";
import { en } from "./en";

export const t = wordsOf(en, async () => (await import("./es")).es, common);
export type Word = Parameters<typeof t>[0];
