import { describe, expect, test } from "vitest";
import { en } from "../app/inbox/words/en";
import { es } from "../app/inbox/words/es";
import { formats, speaker, type Plural } from "../text/i18n";

const slots = (entry: string | Plural): string[] => {
  const forms = typeof entry === "string" ? [entry] : Object.values(entry as unknown as Record<string, string>);
  return [...new Set(forms.flatMap((form) => form.match(/\{\w+\}/g) ?? []))].sort();
};

type Table = Readonly<Record<string, string | Plural>>;
const english = import.meta.glob<{ en: Table }>("../{ui,app/*}/words/en.ts", { eager: true });
const spanish = import.meta.glob<{ es: Table }>("../{ui,app/*}/words/es.ts", { eager: true });
const tables = Object.entries(english).map(([file, { en }]) => ({
  file,
  en,
  es: spanish[file.replace("/en.ts", "/es.ts")]?.es ?? {},
}));

test("every part of the app has its words in both languages", () => {
  expect(tables.length).toBeGreaterThan(7);
  expect(Object.keys(spanish).length).toBe(tables.length);
});

describe.each(tables)("$file", ({ en, es }) => {
  test("both languages have the same words", () => {
    expect(Object.keys(es).sort()).toEqual(Object.keys(en).sort());
  });

  test.each(Object.keys(en))("«%s» has the same form and places in both", (key) => {
    expect(typeof es[key]).toBe(typeof en[key]);
    expect(slots(es[key]!)).toEqual(slots(en[key]!));
    expect(JSON.stringify(es[key])).not.toBe('""');
  });
});

test("plurals follow the language and numbers its marks", () => {
  const t = speaker<typeof en>(es, "es");
  expect(t("waitingToGo", { count: 1 })).toBe("1 mensaje por enviar.");
  expect(t("waitingToGo", { count: 12_000 })).toBe("12.000 mensajes por enviar.");
});

test("an unknown place stays as it is", () => {
  expect(speaker<{ a: string }>({ a: "{x} {y}" }, "en")("a", { x: "1" })).toBe("1 {y}");
});

test("times are shown in the agent's time zone and language", () => {
  const madrid = formats("es", "Europe/Madrid");
  expect(madrid.time("2026-07-01T12:05:00Z")).toBe("14:05");
  expect(formats("en", "America/New_York").time("2026-07-01T12:05:00Z").replace(/\s/g, " ")).toBe("8:05 AM");
  expect(formats("en").ago(new Date(0), 3 * 3_600_000)).toBe("3h ago");
  expect(formats("en").ago(new Date(0), 10_000)).toBe("now");
  expect(formats("en").span(50 * 60_000)).toBe("50m");
  expect([formats("en").bytes(999), formats("en").bytes(84_211), formats("es").bytes(1_234_567)]).toEqual([
    "999 B",
    "84 kB",
    "1,2 MB",
  ]);
});
