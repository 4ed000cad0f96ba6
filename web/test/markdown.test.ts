import { describe, expect, test } from "vitest";
import { h, render } from "vue";
import table from "../../tests/samples/markdown.json";
import { RichText } from "../app/inbox/thread/RichText";
import { parse } from "../text/markdown";
import { rich } from "../widget/text";

/** HTML as the table writes it: of the attributes only what a message decides, and text escaped in one way. */
function canonical(node: Node): string {
  if (node.nodeType !== 1) return escaped(node.textContent ?? "");
  const element = node as Element;
  const tag = element.tagName.toLowerCase();
  const attributes = ["href", "start"].filter((name) => element.hasAttribute(name));
  const written = attributes.map((name) => ` ${name}="${escaped(element.getAttribute(name)!)}"`).join("");
  const inside = [...element.childNodes].map(canonical).join("");
  return `<${tag}${written}>${inside}${tag === "br" ? "" : `</${tag}>`}`;
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const blocks = (root: Element | null): string => (root ? [...root.children].map(canonical).join("\n") : "");

describe.each(table.samples)("$name", ({ input, html }) => {
  test("in the web app", () => {
    const page = document.createElement("main");
    render(h(RichText, { text: input }), page);
    expect(blocks(page.firstElementChild)).toBe(html);
    for (const link of page.querySelectorAll("a")) expect(link.rel).toContain("noopener");
  });

  test("in the chat widget", () => {
    const root = rich(input, true);
    expect(blocks(root)).toBe(html);
    for (const link of root?.querySelectorAll("a") ?? []) expect(link.rel).toContain("noopener");
  });
});

test.each(table.long as [string, number][])("%j, %i times, takes linear time", (unit, times) => {
  const text = unit.repeat(times);
  const started = performance.now();
  parse(text, (tag) => tag);
  expect(performance.now() - started).toBeLessThan(1000);
});
