// Builds the app, then the chat widget where it has a configuration of its own, and holds both to their budgets.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "vite";

const OUT = "../hub/static/app";
const BUDGET = { js: 120_000, css: 10_000 }; // bytes, gzip: all that the inbox needs before it shows

const weight = (file) => gzipSync(readFileSync(join(OUT, file)), { level: 9 }).length;

/** The chunks a page waits for: its entry, its own chunk, and what these import at once. */
function needed(manifest, names, found = new Set()) {
  for (const name of names) {
    if (found.has(name)) continue;
    found.add(name);
    needed(manifest, manifest[name].imports ?? [], found);
  }
  return found;
}

function firstLoad() {
  const manifest = JSON.parse(readFileSync(join(OUT, ".vite/manifest.json"), "utf8"));
  const chunks = [
    ...needed(manifest, ["index.html", "app/inbox/InboxPage.vue", "app/customers/CustomerPanel.vue"]),
  ].map((name) => manifest[name]);
  const styles = new Set(chunks.flatMap((chunk) => chunk.css ?? []));
  const sum = (files) => [...files].reduce((total, file) => total + weight(file), 0);
  return { js: sum(chunks.map((chunk) => chunk.file)), css: sum(styles) };
}

await build({ configFile: "vite.config.ts" });
if (existsSync("vite.widget.config.ts")) {
  await build({ configFile: "vite.widget.config.ts" });
}

const load = firstLoad();
console.log(`
First load of the inbox, gzip: ${load.js} of ${BUDGET.js} bytes of JavaScript, ${load.css} of ${BUDGET.css} of CSS.`);
if (load.js > BUDGET.js || load.css > BUDGET.css) {
  console.error("That is over the budget: load something later, or leave it out.");
  process.exit(1);
}
