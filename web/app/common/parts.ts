/**
 * Components that one feature owns and another one shows. The owner lists them in its `parts.ts`, the shell registers
 * them, and no feature imports another.
 */
import type { ContactName, Id } from "../../api/types";

type Part<Props> = new () => { $props: Props };

export interface Parts {
  customerPanel: Part<{ contact: ContactName; conversation: Id; phone: boolean; onClose?: () => unknown }>;
  mergePicker: Part<{ contact: ContactName; open: boolean; "onUpdate:open"?: (open: boolean) => unknown }>;
  separateButton: Part<{ contact: Id }>;
}

const registered: Partial<Parts> = {};

export const registerParts = (parts: Partial<Parts>): void => void Object.assign(registered, parts);

export function part<Name extends keyof Parts>(name: Name): Parts[Name] {
  const found = registered[name];
  if (!found) throw new Error(`No feature has registered the part "${name}".`);
  return found;
}
