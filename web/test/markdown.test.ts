import { expect, test } from "vitest";
import { inline, parse, safe } from "../text/markdown";

test("plain text stays plain text", () => {
  for (const text of [
    "snake_case_name and 2 * 3 * 4",
    "*** hello ***",
    "a < b && c > d",
    "<script>alert(1)</script>",
    "5*6",
    "__init__.py",
  ]) {
    expect(
      inline(text)
        .map((token) => (token.type === "break" ? "\n" : token.text))
        .join(""),
    ).toBe(text);
    expect(inline(text).every((token) => token.type === "text")).toBe(true);
  }
});

test("emphasis, code and links are seen", () => {
  expect(inline("a **b c** *d* `e*f*`").map((token) => token.type)).toEqual([
    "text",
    "strong",
    "text",
    "em",
    "text",
    "code",
  ]);
  expect(inline("see https://a.example/x_(y), ok")[1]).toEqual({
    type: "link",
    text: "https://a.example/x_(y",
    href: "https://a.example/x_(y",
  });
  expect(inline("[here](https://a.example)")).toEqual([{ type: "link", text: "here", href: "https://a.example" }]);
  expect(inline("write ana@example.com.")[1]).toMatchObject({ href: "mailto:ana@example.com" });
});

test("a UUID is a version 4 one", async () => {
  const { uuid } = await import("../text/uuid");
  expect(uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("only harmless addresses become links", () => {
  expect(safe("javascript:alert(1)")).toBeNull();
  expect(safe("data:text/html,x")).toBeNull();
  expect(inline("[x](javascript:alert(1))").every((token) => token.type === "text")).toBe(true);
});

test("paragraphs, lists, quotes and code blocks are blocks", () => {
  expect(parse("Hello\nthere\n\n- a\n- b\n\n> said\n\n```\nx <b>\n```").map((block) => block.type)).toEqual([
    "p",
    "list",
    "quote",
    "pre",
  ]);
  expect(parse("Buy:\n1. milk\n2. bread")).toMatchObject([
    { type: "p" },
    { type: "list", ordered: true, items: [[{ text: "milk" }], [{ text: "bread" }]] },
  ]);
});

test("long hostile text is read quickly", () => {
  const started = performance.now();
  parse("*".repeat(20_000));
  parse("[".repeat(20_000));
  parse("a@".repeat(10_000));
  parse("a".repeat(200_000));
  parse("[".repeat(200_000));
  parse("[a".repeat(100_000));
  parse("`a".repeat(100_000));
  parse("a.b-".repeat(50_000));
  parse("_a ".repeat(60_000));
  parse("**a ".repeat(50_000));
  parse("http://".repeat(30_000));
  expect(performance.now() - started).toBeLessThan(1500);
});
