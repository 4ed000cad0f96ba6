/** Words, plurals, dates and numbers in the reader's language; no library, only `Intl`. */

export type Language = "en" | "es";
export interface Plural {
  zero?: string;
  one: string;
  other: string;
}
export type Words = Readonly<Record<string, string | Plural>>;
/** The same keys in another language: a missing or misspelt one does not compile. */
export type Translation<W extends Words> = { readonly [K in keyof W]: W[K] extends string ? string : Plural };
export type Values = Readonly<Record<string, string | number>>;

const UNITS: ["day" | "hour" | "minute" | "second", number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

export function formats(language: Language, zone?: string) {
  const timeZone = zone || undefined;
  const date = (options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat(language, { ...options, timeZone });
    return (at: string | Date) => format.format(new Date(at));
  };
  const number = new Intl.NumberFormat(language);
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "narrow" });
  const megabytes = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  const ago = (at: string | Date, now = Date.now()): string => {
    const seconds = (new Date(at).getTime() - now) / 1000;
    if (Math.abs(seconds) < 45) return relative.format(0, "second");
    const [unit, length] = UNITS.find(([, size]) => Math.abs(seconds) >= size * 0.95) ?? ["second", 1];
    return relative.format(Math.round(seconds / length), unit);
  };
  /** A length of time in its largest unit: "50m", "3h", "2d". */
  const span = (milliseconds: number): string => {
    const seconds = milliseconds / 1000;
    const [unit, length] = UNITS.find(([, size]) => seconds >= size) ?? ["second", 1];
    return new Intl.NumberFormat(language, {
      style: "unit",
      unit,
      unitDisplay: "narrow",
      maximumFractionDigits: 0,
    }).format(Math.floor(seconds / length));
  };
  /** A length of time to wait, in words and rounded up: "30 seconds", "5 minutes". */
  const duration = (seconds: number): string => {
    const [unit, length] = UNITS.find(([, size]) => seconds >= size) ?? ["second", 1];
    return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(
      Math.ceil(seconds / length),
    );
  };
  const bytes = (size: number): string => {
    if (size < 1000) return `${number.format(size)} B`;
    if (size < 1_000_000) return `${number.format(Math.round(size / 1000))} kB`;
    return `${megabytes.format(size / 1_000_000)} MB`;
  };
  return {
    number: (value: number) => number.format(value),
    time: date({ hour: "numeric", minute: "2-digit" }),
    day: date({ weekday: "long", day: "numeric", month: "long" }),
    dayYear: date({ weekday: "long", day: "numeric", month: "long", year: "numeric" }),
    short: date({ day: "numeric", month: "short" }),
    full: date({ weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit" }),
    exact: date({ dateStyle: "long", timeStyle: "medium" }),
    dateKey: date({ year: "numeric", month: "2-digit", day: "2-digit" }),
    ago,
    span,
    duration,
    bytes,
  };
}
export type Formats = ReturnType<typeof formats>;

/** A function that says `words[key]`, with {names} filled in and plurals chosen by `values.count`. */
export function speaker<W extends Words>(words: Translation<W>, language: Language) {
  const rules = new Intl.PluralRules(language);
  const number = new Intl.NumberFormat(language);
  return (key: keyof W, values: Values = {}): string => {
    const entry = (words as Words)[key as string] ?? String(key);
    const text = typeof entry === "string" ? entry : plural(entry, Number(values.count ?? 0), rules);
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name];
      return value === undefined ? whole : typeof value === "number" ? number.format(value) : value;
    });
  };
}

function plural(entry: Plural, count: number, rules: Intl.PluralRules): string {
  if (count === 0 && entry.zero !== undefined) return entry.zero;
  return rules.select(count) === "one" ? entry.one : entry.other;
}
