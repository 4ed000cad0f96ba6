/** Errors in the reader's language, by code and parameters; for an unknown code, the server's own text. */
import { shallowRef } from "vue";
import { Problem } from "../../api/client";
import type { ErrorCode, Reason } from "../../api/types";
import { f, language, whenSpanish } from "../../ui/i18n";

type Texts = Readonly<Record<ErrorCode, string>>;
const english = shallowRef<Texts>();
const spanish = shallowRef<Texts>();
whenSpanish(async () => {
  spanish.value ??= (await import("../../text/errors/es")).es;
});
/** Until the file is loaded, the server's English text is shown, so that no page waits for it. */
async function loadEnglish(): Promise<void> {
  english.value ??= (await import("../../text/errors/en")).en;
}

type Param = NonNullable<Reason["params"]>[string];
/** Numbers that are identifiers, not amounts. */
const NAMES = new Set(["port", "reply"]);

function shown(name: string, value: Param): string {
  if (typeof value === "object") return reasonText(value);
  if (typeof value === "string") return value;
  if (name === "retry_after") return f().duration(value);
  if (name.endsWith("_bytes")) return f().bytes(value);
  return NAMES.has(name) ? String(value) : f().number(value);
}

/** The sentence for an error. */
export function reasonText({ code, params = {}, detail }: Reason): string {
  const texts = language.value === "es" ? spanish.value : english.value;
  if (language.value === "en") void loadEnglish().catch(() => undefined);
  const text = texts?.[code as ErrorCode];
  const names = text?.match(/(?<=\{)\w+(?=\})/g) ?? [];
  if (text === undefined || names.some((name) => params[name] === undefined)) return detail;
  return text.replace(/\{(\w+)\}/g, (_, name: string) => shown(name, params[name]!)).trim();
}

/** The sentence for a failed request. */
export function refusalText({ body, message }: Problem): string {
  return body.code ? reasonText({ code: body.code, params: body.params, detail: message }) : message;
}

/** The reason stored with a failure, or only an English sentence if it is older than the codes. */
export const failureText = (reason: Reason | null, detail: string | null): string =>
  reason ? reasonText(reason) : (detail ?? "");
