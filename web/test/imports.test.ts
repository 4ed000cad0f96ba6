/** The allowed imports between folders: text <- api <- live <- ui <- app/common <- each feature <- shell <- main. */
import { describe, expect, test } from "vitest";

const sources = import.meta.glob<string>("../{api,app,demo,live,text,ui,widget}/**/*.{ts,vue}", {
  eager: true,
  query: "?raw",
  import: "default",
});
const SPECIFIER = /(?:\bfrom|\bimport)\s*\(?\s*["'](\.[^"']+)["']/g;

/** "../app/inbox/thread/Thread.vue" belongs to "app/inbox", "../app/main.ts" to "app", "../ui/Field.vue" to "ui". */
function roomOf(path: string): string {
  const [, top = "", second = ""] = /^\.\.\/([^/]+)\/([^/]+)/.exec(path) ?? [];
  return top === "app" && !second.includes(".") ? `app/${second}` : top;
}

function resolved(from: string, specifier: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") {
      if (parts.at(-1) === ".." || parts.length === 0) parts.push("..");
      else parts.pop();
    } else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

const LAYERS = ["text", "api", "live", "ui", "app/common", "feature", "app/shell", "app"];
const layerOf = (room: string): number => {
  const known = LAYERS.indexOf(room);
  return known >= 0 ? known : LAYERS.indexOf("feature");
};

/** The pages for customers are bundles of their own; they may share the socket. Types disappear in the build. */
const STANDALONE: Record<string, RegExp> = {
  widget: /^\.\.\/(widget|text)\/|^\.\.\/live\/socket$|^\.\.\/api\/types$/,
  demo: /^\.\.\/(demo|text)\/|^\.\.\/api\/types$/,
};

function isAllowed(from: string, to: string): boolean {
  const [importer, imported] = [roomOf(from), roomOf(to)];
  if (importer === imported) return true;
  const standalone = STANDALONE[importer];
  if (standalone) return standalone.test(to);
  return !(imported in STANDALONE) && layerOf(imported) < layerOf(importer);
}

interface Import {
  from: string;
  to: string;
}
function importsOf(from: string, text: string): Import[] {
  return [...text.matchAll(SPECIFIER)].map(([, specifier]) => ({ from, to: resolved(from, specifier!) }));
}
const violations = (imports: readonly Import[]): string[] =>
  imports.filter(({ from, to }) => !isAllowed(from, to)).map(({ from, to }) => `${from} imports ${to}`);

const all = Object.entries(sources).flatMap(([path, text]) => importsOf(path, text));

test("every folder imports only from the layers below it, and no feature another feature", () => {
  expect(all.length).toBeGreaterThan(600);
  expect(violations(all)).toEqual([]);
});

describe("the rule", () => {
  const planted = (from: string, specifier: string): string[] =>
    violations(importsOf(from, `import { x } from "${specifier}";`));

  test.each([
    ["../app/settings/useForm.ts", "../inbox/actions"],
    ["../app/inbox/InboxPage.vue", "../customers/CustomerPanel.vue"],
    ["../app/common/session.ts", "../shell/router"],
    ["../ui/Dialog.vue", "../app/common/session"],
    ["../live/reduce.ts", "../ui/toast"],
    ["../text/keys.ts", "../api/client"],
    ["../widget/main.ts", "../live/reduce"],
    ["../app/inbox/actions.ts", "../../widget/store"],
  ])("%s may not import %s", (from, specifier) => {
    expect(planted(from, specifier)).toHaveLength(1);
  });

  test.each([
    ["../app/shell/App.vue", "../inbox/commands/useShortcuts"],
    ["../app/inbox/thread/Thread.vue", "../../common/store"],
    ["../app/inbox/thread/Thread.vue", "../actions"],
    ["../widget/chat.ts", "../live/socket"],
  ])("%s may import %s", (from, specifier) => {
    expect(planted(from, specifier)).toEqual([]);
  });
});
