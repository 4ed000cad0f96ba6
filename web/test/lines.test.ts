/** Lines have at most 120 characters. The formatter ensures this, except in comments and strings. */
import { expect, test } from "vitest";

const LIMIT = 120;
const sources = import.meta.glob<string>(
  ["../{api,app,demo,live,test,text,ui,widget}/**/*.{ts,vue,css}", "!../api/schema.d.ts"],
  {
    eager: true,
    query: "?raw",
    import: "default",
  },
);
const STYLESHEET = "../widget/style.ts"; // one string, minified by hand

/** The parts of a line that the formatter can break: without strings, regular expressions and classes. */
const divisible = (line: string): string =>
  line.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|\/\S{60,}\//g, "");

test("no line is longer than 120 characters", () => {
  const long = Object.entries(sources).flatMap(([file, text]) =>
    text
      .split("\n")
      .filter((line) => [...line].length > LIMIT && [...divisible(line)].length > 24 && file !== STYLESHEET)
      .map((line) => `${file}: ${line.trim()}`),
  );
  expect(Object.keys(sources).length).toBeGreaterThan(200);
  expect(long).toEqual([]);
});
