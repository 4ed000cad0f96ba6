// Writes text/errors/en.ts, the errors of the hub in English by code, from the interface description.
import { readFileSync, writeFileSync } from "node:fs";

const { components } = JSON.parse(readFileSync("../openapi.json", "utf8"));
const sentences = Object.entries(components.schemas.ErrorParams.properties)
  .map(([code, { description }]) => `  ${code}: ${JSON.stringify(description)},\n`)
  .join("");
writeFileSync(
  "text/errors/en.ts",
  `/** The errors of the hub in English, by code. Made from openapi.json by \`npm run types\`: edit the server's. */\nexport const en = {\n${sentences}} as const;\n`,
);
