/** Failed requests in the reader's words. */
import { Problem } from "../../api/client";
import { toast } from "../../ui/toast";
import { fromServer } from "./serverText";
import { t } from "./words";

/** Sentences for answers that mean something special on one page, by HTTP status. */
export type Refusals = Partial<Record<number, () => string>>;

export function problemText(reason: unknown, refusals: Refusals = {}): string {
  if (!(reason instanceof Problem))
    return t("problem", { detail: reason instanceof Error ? reason.message : String(reason) });
  if (reason.status === 429) return t("tooMany", { count: reason.retryAfter ?? 60 });
  if (reason.offline) return t("unreachable");
  return refusals[reason.status]?.() ?? fromServer(reason.message);
}

/** Shows a toast about a failed request; a request that was aborted on purpose is no failure. */
export function showProblem(reason: unknown): void {
  if (reason instanceof DOMException && reason.name === "AbortError") return;
  if (reason instanceof Problem && reason.offline) toast(t("unreachable"), { tone: "bad" });
  else if (reason instanceof Problem && reason.status === 403) toast(t("forbidden"), { tone: "bad" });
  else
    toast(t("problem", { detail: fromServer(reason instanceof Error ? reason.message : String(reason)) }), {
      tone: "bad",
    });
}
