/** The reader's language: tables of words, and formats for dates and numbers. */
import { computed, shallowRef } from "vue";
import { formats, speaker, type Language, type Translation, type Values, type Words } from "../text/i18n";

/** The language on screen. It changes once all words in use are loaded. */
export const language = shallowRef<Language>("en");
export const timeZone = shallowRef<string>();
const format = computed(() => formats(language.value, timeZone.value));

/** Formats: `f().ago(at)`, `f().number(n)`. */
export const f = () => format.value;

let wanted: Language = "en";
const spanish: (() => Promise<void>)[] = [];
let loading: Promise<unknown> = Promise.resolve();

/** If their file cannot be loaded (no connection, a release), words stay English until the language is chosen again. */
const tolerant = (load: () => Promise<void>): Promise<void> => load().catch((reason: unknown) => console.warn(reason));

/** Registers a file of Spanish words, which is loaded only for readers of Spanish. */
export function whenSpanish(load: () => Promise<void>): void {
  spanish.push(load);
  if (wanted === "es") loading = Promise.all([loading, tolerant(load)]);
}

/** Resolves once the words of all code imported so far are loaded. */
export const wordsLoaded = (): Promise<unknown> => loading;

/**
 * The function that says the words of one part of the app: `t("send")`.
 * English is part of the bundle, Spanish is loaded on demand; words that are not in the table are looked up in `base`.
 */
export function wordsOf<W extends Words, B extends string = never>(
  en: W,
  loadSpanish: () => Promise<Translation<W>>,
  base?: (key: B, values?: Values) => string,
) {
  const es = shallowRef<Translation<W> | null>(null);
  whenSpanish(async () => {
    es.value ??= await loadSpanish();
  });
  const words = computed(() => (language.value === "es" && es.value ? es.value : (en as unknown as Translation<W>)));
  const speak = computed(() => speaker<W>(words.value, language.value));
  return (key: (keyof W & string) | B, values?: Values): string =>
    base && !(key in en) ? base(key as B, values) : speak.value(key, values);
}

export async function switchLanguage(next: Language): Promise<void> {
  wanted = next;
  if (next === "es") await (loading = Promise.all(spanish.map(tolerant)));
  if (wanted !== next) return;
  language.value = next;
  localStorage.setItem("hub.language", next);
  document.documentElement.lang = next;
}

/** The language chosen before in this browser, else the browser's own. */
export function storedLanguage(): Language {
  const stored = localStorage.getItem("hub.language");
  if (stored === "en" || stored === "es") return stored;
  return navigator.language.toLowerCase().startsWith("es") ? "es" : "en";
}
