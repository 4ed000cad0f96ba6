/** Merging two customers into one, and separating them again. */
import { api } from "../../api/client";
import type { ContactName, Id } from "../../api/types";
import { toast } from "../../ui/toast";
import { showProblem } from "../common/problems";
import { withUndo } from "../common/undo";
import { t } from "./words";

const path = (contact: Id): string => `/api/contacts/${contact}/merge`;

async function attempt(run: () => Promise<unknown>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (reason) {
    showProblem(reason);
    return false;
  }
}

/** `contact` becomes a part of `other`; the event that follows makes every screen load their timelines again. */
export const merge = (contact: ContactName, other: ContactName): Promise<boolean> =>
  withUndo(
    attempt(() => api.post(path(contact.id), { into: other.id })),
    () => t("didMerge", { name: contact.name, other: other.name }),
    () => unmerge(contact.id),
  );

export async function unmerge(contact: Id): Promise<void> {
  if (await attempt(() => api.delete(path(contact)))) toast(t("didUnmerge"));
}
