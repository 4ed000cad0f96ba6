/** A message's text as nodes: links, emphasis, lists, quotes; never HTML. */
import { h, type FunctionalComponent, type VNode } from "vue";
import { parse, type Block, type Inline } from "../../../text/markdown";

function span(token: Inline): VNode | string {
  switch (token.type) {
    case "text":
      return token.text;
    case "break":
      return h("br");
    case "link":
      return h(
        "a",
        {
          href: token.href,
          target: "_blank",
          rel: "noopener noreferrer nofollow",
          class: "text-accent underline decoration-1 underline-offset-2",
        },
        token.text,
      );
    case "code":
      return h("code", { class: "rounded-chip bg-sunken px-1 font-mono text-ui" }, token.text);
    default:
      return h(token.type, { class: token.type === "strong" ? "font-semibold" : "italic" }, token.text);
  }
}

const spans = (tokens: readonly Inline[]): (VNode | string)[] => tokens.map(span);

function block(one: Block): VNode {
  switch (one.type) {
    case "pre":
      return h(
        "pre",
        { class: "m-0 overflow-x-auto rounded-control bg-sunken p-2 font-mono text-ui", dir: "ltr" },
        one.text,
      );
    case "quote":
      return h("blockquote", { class: "m-0 border-s-2 border-line ps-3 text-ink2", dir: "auto" }, spans(one.children));
    case "list":
      return h(
        one.ordered ? "ol" : "ul",
        { class: `m-0 ps-5 ${one.ordered ? "list-decimal" : "list-disc"}`, dir: "auto" },
        one.items.map((item) => h("li", spans(item))),
      );
    default:
      return h("p", { class: "m-0", dir: "auto" }, spans(one.children));
  }
}

export const RichText: FunctionalComponent<{ text: string }> = ({ text }) =>
  h("div", { class: "flex flex-col gap-3" }, parse(text).map(block));
RichText.props = ["text"];
