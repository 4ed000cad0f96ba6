/** Failed requests in the reader's words. */
import { Problem } from "../../api/client";
import { toast } from "../../ui/toast";
import { refusalText } from "./errorText";
import { t } from "./words";

/** Sentences for answers that mean something special on one page, by HTTP status. */
export type Refusals = Partial<Record<number, () => string>>;

export function problemText(reason: unknown, refusals: Refusals = {}): string {
  if (!(reason instanceof Problem))
    return t("problem", { detail: reason instanceof Error ? reason.message : String(reason) });
  if (reason.offline && !reason.code) return t("unreachable");
  return refusals[reason.status]?.() ?? refusalText(reason);
}

/** Shows a toast about a failed request; a request that was aborted on purpose is no failure. */
export function showProblem(reason: unknown): void {
  if (reason instanceof DOMException && reason.name === "AbortError") return;
  toast(problemText(reason), { tone: "bad" });
}
