/** The reader's language, everywhere: `t` for words, `f` for dates and numbers. */
import { computed, shallowRef } from "vue";
import { formats, speaker, type Language, type Translation, type Values, type Words } from "../text/i18n";
import { en } from "../app/words/en";

const browser: Language = navigator.language.toLowerCase().startsWith("es") ? "es" : "en";

export const language = shallowRef<Language>("en");
export const timeZone = shallowRef<string>();
const table = shallowRef<Translation<typeof en>>(en);
const server = shallowRef((text: string): string => text);
const speak = computed(() => speaker<typeof en>(table.value, language.value));
const format = computed(() => formats(language.value, timeZone.value));

export type Word = keyof typeof en;
export const t = (key: Word, values?: Values): string => speak.value(key, values);
/** What the server said in English, in the reader's language where we know the sentence. */
export const fromServer = (text: string): string => server.value(text);
/** Formats: `f().ago(at)`, `f().number(n)`. */
export const f = () => format.value;

export function storedLanguage(): Language {
  const stored = localStorage.getItem("hub.language");
  return stored === "en" || stored === "es" ? stored : browser;
}

export async function speakIn(wanted: Language): Promise<void> {
  if (wanted === "es") {
    const [words, sentences] = await Promise.all([import("../app/words/es"), import("../app/common/words/es.server")]);
    table.value = words.es;
    server.value = sentences.say;
  } else {
    table.value = en;
    server.value = (text) => text;
  }
  language.value = wanted;
  localStorage.setItem("hub.language", wanted);
  document.documentElement.lang = wanted;
}

/** Words of a part that is loaded on its own (app/admin): `const t = wordsOf({ en, es })`. */
export function wordsOf<W extends Words>(tables: { en: W; es: Translation<W> }) {
  const speakers = computed(() => speaker<W>(tables[language.value] as Translation<W>, language.value));
  return (key: keyof W, values?: Values): string => speakers.value(key, values);
}
