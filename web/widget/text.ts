// Text into nodes: links everywhere, and the small Markdown subset in our own answers. Never HTML.

export type Piece =
  { kind: "text" | "bold" | "italic" | "code"; text: string } | { kind: "link"; text: string; href: string };

const LINK = /\bhttps?:\/\/[^\s<>"'`]+[^\s<>"'`.,;:!?)\]}]/;
const PLAIN = new RegExp(`(${LINK.source})`, "g");
const RICH = new RegExp(
  `\\[([^\\]\\n]{1,300})\\]\\((https?://[^\\s)]+)\\)|\\*\\*([^*\\n]+)\\*\\*|\`([^\`\\n]+)\`|(?<![\\w*])\\*([^*\\s][^*\\n]*)\\*(?![\\w*])|(${LINK.source})`,
  "g",
);

export function pieces(text: string, rich: boolean): Piece[] {
  const found: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(rich ? RICH : PLAIN)) {
    if (match.index > end) found.push({ kind: "text", text: text.slice(end, match.index) });
    found.push(rich ? piece(match) : { kind: "link", text: match[0], href: match[0] });
    end = match.index + match[0].length;
  }
  if (end < text.length) found.push({ kind: "text", text: text.slice(end) });
  return found;
}

function piece([whole, label, href, bold, code, italic]: RegExpMatchArray): Piece {
  if (href) return { kind: "link", text: label ?? href, href };
  if (bold) return { kind: "bold", text: bold };
  if (code) return { kind: "code", text: code };
  if (italic) return { kind: "italic", text: italic };
  return { kind: "link", text: whole, href: whole };
}
