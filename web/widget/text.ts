// Converts text to nodes: addresses become links, and agents' messages are formatted. Never HTML.
import { inline, parse, type Make } from "../text/markdown";
import { el } from "./dom";

const make: Make<Node> = (tag, children, props) =>
  el(tag, { ...props, ...(tag === "a" && { target: "_blank", rel: "noopener nofollow ugc" }) }, ...children);

/** An agent's message, or a visitor's, which stays as written; null if it is empty. */
export function rich(text: string, ours: boolean): HTMLElement | null {
  const nodes = ours ? parse(text, make) : inline(text, make, false);
  return nodes.length ? el(ours ? "div" : "p", { class: ours && "rich" }, ...nodes) : null;
}
