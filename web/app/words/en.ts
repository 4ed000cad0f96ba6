import { inbox } from "../inbox/words/en";
import { frame } from "../shell/words/en";

export const en = { ...frame, ...inbox } as const;
