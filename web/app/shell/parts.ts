/** Registers the components that features use of each other. */
import { registerParts, type Parts } from "../common/parts";

const found = import.meta.glob<{ parts: Partial<Parts> }>(["../*/parts.ts", "!../{common,shell}/parts.ts"], {
  eager: true,
});

for (const feature of Object.values(found)) registerParts(feature.parts);
