/**
 * The Markdown subset of messages, drawn with a function of the caller's; pure, and never HTML. The web app and the
 * chat widget share it, so it is written to be small.
 *
 * `hub/channels/markdown.py` implements the same dialect for mail; `docs/channels.md` describes it, and all three run
 * `tests/samples/markdown.json`. Text that is no mark stays text. Every step is linear in the input.
 */

export type Tag = "p" | "ul" | "ol" | "li" | "blockquote" | "pre" | "br" | "a" | "strong" | "em" | "code";

/** Makes an element; `href` is that of an "a", `start` that of an "ol" which does not begin at 1. */
export type Make<T> = (tag: Tag, children: (T | string)[], props?: { href?: string; start?: number }) => T;

const DEEPEST = 8; // marks within marks, and quotes within quotes; further ones are text

const ATOM = new RegExp(
  [
    /\\_/, // stays as it is: paths of Windows, and ¯\_(ツ)_/¯
    /\\([*`[\]>-])/, // 1 escaped mark
    /`([^`\n]{1,2000})`/, // 2 code
    /\[([^[\]\n]{1,500})\]/.source + // 3 label
      /\(((?:[Hh]ttps?:\/\/|mailto:|tel:)(?:[^\s()<>"]|\([^\s()<>"]{0,200}\)){1,2000})\)/.source, // 4 address
    /(?<![\p{L}\p{N}])([Hh]ttps?:\/\/[^\s<>"`\u3001-\u301f\uff01-\uff1f]{1,2000})/u, // 5 bare address
    /(?<![^\W_]|[.%+@-])([^\W_][\w.%+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,63})(?![^\W_]|@)/, // 6 mail
    /(\*+|_+)/, // 7 marks
  ]
    .map((part) => (typeof part === "string" ? part : part.source))
    .join("|"),
  "gu",
);

/** A closing bracket behind an address stays where it was opened in it; other punctuation is not of the address. */
function withoutPunctuation(address: string): string {
  let surplus = address.split(")").length - address.split("(").length;
  let end = address.length;
  while (/[.,;:!?)\]}'*_»”’]/.test(address.charAt(end - 1)) && (address[end - 1] !== ")" || surplus-- > 0)) end--;
  return address.slice(0, end);
}

/**
 * One line, drawn. Without `marks`, as in a visitor's own words, only addresses mean something; without `links`, as
 * in the label of one, marks alone do.
 */
export function inline<T>(text: string, make: Make<T>, marks = true, links = true): (T | string)[] {
  const levels: [mark: string, children: (T | string)[]][] = [["", []]]; // the marks that are open
  const put = (piece: T | string): unknown => piece && levels.at(-1)![1].push(piece);
  const flatten = (depth: number): void => {
    while (levels.length > depth) {
      const [mark, children] = levels.pop()!;
      [mark, ...children].forEach(put);
    }
  };

  /** Close what a run of stars or underscores closes, innermost first; the rest of it may open. */
  const mark = (run: string, before: string, after: string): unknown => {
    if (run.length > (run[0] === "*" ? 3 : 1)) return put(run);
    const whole = run !== "**"; // only ** works inside a word, which languages without spaces need
    const opens = /^\S/.test(after) && !(whole && /[\p{L}\p{N}_]$/u.test(before));
    const closes = /\S$/.test(before) && !(whole && /^[\p{L}\p{N}_]/u.test(after));
    let rest = run === "***" ? ["**", "*"] : [run];
    for (let at = levels.length - 1; closes && at > 0; at--) {
      const [open] = levels[at]!;
      if (rest.includes(open)) {
        rest = rest.filter((one) => one !== open);
        flatten(at + 1);
        put(make(open === "**" ? "strong" : "em", levels.pop()![1]));
      }
    }
    for (const one of rest) {
      if (opens && levels.length <= DEEPEST) levels.push([one, []]);
      else put(one);
    }
  };

  const atoms = new RegExp(ATOM);
  let at = 0;
  for (let found; (found = atoms.exec(text));) {
    const [whole, escaped, code, label, address, bare, mail, run] = found;
    const start = found.index;
    put(text.slice(at, start));
    at = atoms.lastIndex;
    const href = bare ? withoutPunctuation(bare) : mail && `mailto:${mail}`;
    if (links && href && !href.endsWith("//")) {
      put(make("a", [mail ?? href], { href }));
      if (bare) atoms.lastIndex = at = start + href.length;
    } else if (!marks) put(whole);
    else if (run) mark(run, text.slice(Math.max(0, start - 2), start), text.slice(at, at + 2));
    else if (code) put(make("code", [code]));
    else if (address && links && label!.trim()) {
      put(make("a", inline(label!, make, true, false), { href: address }));
    } else put(escaped ?? whole);
  }
  put(text.slice(at));
  flatten(1);
  return levels[0]![1];
}

const LINE = /^\s{0,3}(?:(?:[-*•]|(\d{1,9})[.)])\s+|(>)\s?)/; // 1 number, 2 quote; otherwise a bullet
const FENCE = /^\s{0,3}```[\w+#.-]{0,20}\s*$/;

/** A message as its blocks: neighbouring lines of one kind are one, and a code block that is not closed runs on. */
export function parse<T>(text: string, make: Make<T>, depth = 0): T[] {
  const blocks: [kind: Tag | "", lines: string[]][] = [];
  let fenced = false;
  text
    .trimEnd()
    .split(/\r\n?|\n/)
    .forEach((line, number, lines) => {
      const found = LINE.exec(line);
      let kind: Tag | "" = found ? (found[2] ? "blockquote" : found[1] ? "ol" : "ul") : line.trim() ? "p" : "";
      if (FENCE.test(line) && (fenced || number + 1 < lines.length)) {
        fenced = !fenced;
        kind = "";
      } else if (fenced) kind = "pre";
      if (blocks.at(-1)?.[0] === kind) blocks.at(-1)![1].push(line);
      else blocks.push([kind, [line]]);
    });
  return blocks.flatMap(([kind, lines]) => {
    const rest = lines.map((line) => line.replace(LINE, ""));
    const start = parseInt(lines[0]!);
    if (kind === "pre") return make(kind, [make("code", [lines.join("\n")])]);
    if (kind === "blockquote" && depth < DEEPEST) return make(kind, parse(rest.join("\n"), make, depth + 1));
    if (kind === "ul" || kind === "ol") {
      const items = rest.map((line) => make("li", inline(line, make)));
      return make(kind, items, kind === "ol" && start !== 1 ? { start } : {});
    }
    const drawn = (line: string, number: number): (T | string)[] =>
      number ? [make("br", []), ...inline(line, make)] : inline(line, make);
    return kind ? make("p", lines.flatMap(drawn)) : [];
  });
}
