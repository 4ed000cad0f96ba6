/** The server's English sentences in the reader's language, where a translation exists. */
import { shallowRef } from "vue";
import { language, whenSpanish } from "../../ui/i18n";

const spanish = shallowRef<((text: string) => string) | null>(null);
whenSpanish(async () => {
  spanish.value ??= (await import("./words/es.server")).say;
});

export const fromServer = (text: string): string =>
  language.value === "es" && spanish.value ? spanish.value(text) : text;
