/** The words of these pages: `t("people")`. Titles that come from the server are said in Spanish where we know them. */
import { language, wordsOf } from "../../../ui/i18n";
import { en, spelled } from "./en";
import { es, fromServer } from "./es";

export const t = wordsOf({ en, es });
export type Word = keyof typeof en;
export const said = (text: string): string => (language.value === "es" ? fromServer : spelled)[text] ?? spelled[text] ?? text;
