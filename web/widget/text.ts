// Text into nodes: addresses are links everywhere, and our own messages have marks. Never HTML.
import { inline, parse, type Make } from "../text/markdown";
import { el } from "./dom";

const make: Make<Node> = (tag, children, props) =>
  el(tag, { ...props, ...(tag === "a" && { target: "_blank", rel: "noopener nofollow ugc" }) }, ...children);

/** A message of ours, or of a visitor, whose words stay as they were written; null where there are none. */
export function rich(text: string, ours: boolean): HTMLElement | null {
  const nodes = ours ? parse(text, make) : inline(text, make, false);
  return nodes.length ? el(ours ? "div" : "p", { class: ours && "rich" }, ...nodes) : null;
}
