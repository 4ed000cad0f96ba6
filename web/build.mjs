// Builds the app, then the chat widget where it has a configuration of its own.
import { existsSync } from "node:fs";
import { build } from "vite";

await build({ configFile: "vite.config.ts" });
if (existsSync("vite.widget.config.ts")) {
  await build({ configFile: "vite.widget.config.ts" });
}
