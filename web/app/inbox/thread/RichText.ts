/** A message's text as nodes: links, emphasis, lists, quotes; never HTML. */
import { h, type FunctionalComponent, type VNode } from "vue";
import { parse, type Make, type Tag } from "../../../text/markdown";

const LOOKS: Partial<Record<Tag, string>> = {
  p: "m-0",
  ul: "m-0 list-disc ps-5",
  ol: "m-0 list-decimal ps-5",
  blockquote: "m-0 flex flex-col gap-3 border-s-2 border-line ps-3 text-ink2",
  pre: "m-0 overflow-x-auto rounded-control bg-sunken p-2 font-mono text-ui",
  a: "text-accent underline decoration-1 underline-offset-2",
  strong: "font-semibold",
  em: "italic",
  code: "rounded-chip bg-sunken px-1 font-mono text-ui in-[pre]:p-0",
};
const DIRECTIONS: Partial<Record<Tag, string>> = { p: "auto", ul: "auto", ol: "auto", blockquote: "auto", pre: "ltr" };
const LINK = { target: "_blank", rel: "noopener noreferrer nofollow" };

const make: Make<VNode> = (tag, children, props) =>
  h(tag, { class: LOOKS[tag], dir: DIRECTIONS[tag], ...props, ...(tag === "a" ? LINK : {}) }, children);

export const RichText: FunctionalComponent<{ text: string }> = ({ text }) =>
  h("div", { class: "flex flex-col gap-3" }, parse(text, make));
RichText.props = ["text"];
