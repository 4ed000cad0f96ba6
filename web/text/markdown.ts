/** The small Markdown subset of messages as a tree of tokens; never HTML. Pure. */

export type Inline =
  | { type: "text" | "strong" | "em" | "code"; text: string }
  | { type: "link"; text: string; href: string }
  | { type: "break" };
export type Block =
  | { type: "p" | "quote"; children: Inline[] }
  | { type: "list"; ordered: boolean; items: Inline[][] }
  | { type: "pre"; text: string };

const TOKEN = new RegExp(
  [
    /`([^`\n]{1,2000})`/, // 1 code
    /\[([^\][\n]{1,300})\]\((\S{1,2000}?)\)/, // 2 text, 3 address
    /(?<![\w*])\*\*(?=\S)([^*\n]+?)(?<=\S)\*\*(?!\w)/, // 4 strong
    /(?<![\w*])[*](?=[^\s*])([^*\n]+?)(?<=\S)[*](?![\w*])/, // 5 em
    /(?<!\w)_(?=\S)([^_\n]+?)(?<=\S)_(?!\w)/, // 6 em
    /(https?:\/\/[^\s<>"']+)/, // 7 bare address
    /(?<![\w.+-])([\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})/, // 8 mail address
    /(\n)/, // 9 line break
  ]
    .map((part) => part.source)
    .join("|"),
  "gu",
);

/** Only these leave the page; anything else stays plain text. */
export function safe(href: string): string | null {
  try {
    const { protocol } = new URL(href);
    return ["http:", "https:", "mailto:", "tel:"].includes(protocol) ? href : null;
  } catch {
    return null;
  }
}

function bareLink(found: string): Inline[] {
  const text = found.replace(/[.,;:!?)\]}»”'"]+$/u, "");
  const rest = found.slice(text.length);
  const href = safe(text);
  return [
    href ? { type: "link", text, href } : { type: "text", text },
    ...(rest ? [{ type: "text" as const, text: rest }] : []),
  ];
}

function token(match: RegExpMatchArray): Inline[] {
  const [whole, code, label, address, strong, star, under, url, mail, line] = match;
  if (line) return [{ type: "break" }];
  if (code !== undefined) return [{ type: "code", text: code }];
  if (strong !== undefined) return [{ type: "strong", text: strong }];
  if (star !== undefined || under !== undefined) return [{ type: "em", text: (star ?? under)! }];
  if (url) return bareLink(url);
  if (mail) return [{ type: "link", text: mail, href: `mailto:${mail}` }];
  const href = address ? safe(address) : null;
  return [href && label ? { type: "link", text: label, href } : { type: "text", text: whole }];
}

export function inline(text: string): Inline[] {
  const out: Inline[] = [];
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > at) out.push({ type: "text", text: text.slice(at, match.index) });
    out.push(...token(match));
    at = match.index + match[0].length;
  }
  if (at < text.length) out.push({ type: "text", text: text.slice(at) });
  return out;
}

const BULLET = /^\s{0,3}[-*•]\s+/;
const NUMBER = /^\s{0,3}\d{1,3}[.)]\s+/;
const QUOTE = /^>\s?/;

function chunk(text: string): Block {
  const lines = text.split("\n");
  const all = (mark: RegExp): boolean => lines.every((one) => mark.test(one));
  const strip = (mark: RegExp): string[] => lines.map((one) => one.replace(mark, ""));
  if (all(QUOTE)) return { type: "quote", children: inline(strip(QUOTE).join("\n")) };
  if (all(BULLET)) return { type: "list", ordered: false, items: strip(BULLET).map(inline) };
  if (lines.length > 1 && all(NUMBER)) return { type: "list", ordered: true, items: strip(NUMBER).map(inline) };
  return { type: "p", children: inline(text) };
}

/** Runs of lines of one sort become one chunk, so that a list may follow a sentence directly. */
function runs(paragraph: string): string[] {
  const sort = (one: string): number => (QUOTE.test(one) ? 1 : BULLET.test(one) ? 2 : NUMBER.test(one) ? 3 : 0);
  const out: string[][] = [];
  for (const one of paragraph.split("\n")) {
    const last = out.at(-1);
    if (last && sort(last[0]!) === sort(one)) last.push(one);
    else out.push([one]);
  }
  return out.map((lines) => lines.join("\n"));
}

export function parse(text: string): Block[] {
  const parts = text.replace(/\r\n?/g, "\n").split(/^```\w*\n([\s\S]*?)^```$/m);
  return parts.flatMap((part, index): Block[] => {
    if (index % 2 === 1) return [{ type: "pre", text: part.replace(/\n$/, "") }];
    return part
      .split(/\n{2,}/)
      .map((one) => one.replace(/^\n+|\s+$/g, ""))
      .filter(Boolean)
      .flatMap(runs)
      .map(chunk);
  });
}
