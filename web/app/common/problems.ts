/** Failed requests in the reader's language. */
import { Problem } from "../../api/client";
import { toast } from "../../ui/toast";
import { refusalText } from "./errorText";
import { t } from "./words";

/** Sentences for responses with a special meaning on one page, by HTTP status. */
export type Refusals = Partial<Record<number, () => string>>;

export function problemText(reason: unknown, refusals: Refusals = {}): string {
  if (!(reason instanceof Problem))
    return t("problem", { detail: reason instanceof Error ? reason.message : String(reason) });
  if (reason.offline && !reason.code) return t("unreachable");
  return refusals[reason.status]?.() ?? refusalText(reason);
}

/** Shows a toast about a failed request, unless the request was aborted on purpose. */
export function showProblem(reason: unknown): void {
  if (reason instanceof DOMException && reason.name === "AbortError") return;
  toast(problemText(reason), { tone: "bad" });
}
