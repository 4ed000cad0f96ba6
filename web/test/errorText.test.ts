import { afterEach, beforeAll, expect, test } from "vitest";
import { Problem } from "../api/client";
import { failureText, reasonText, refusalText } from "../app/common/errorText";
import { switchLanguage } from "../ui/i18n";

const reason = (code: string, params = {}, detail = "As the server says it.") => ({ code, params, detail });

/** The files of texts come after the first sentence was asked for. */
async function loaded(): Promise<void> {
  reasonText(reason("note_empty"));
  await import("../text/errors/en");
  await Promise.resolve();
}
beforeAll(loaded);
afterEach(() => switchLanguage("en"));

test("an error is said in the reader's language, with its parameters in place", async () => {
  const error = reason("upload_too_large", { limit_mb: 25 });
  expect(reasonText(error)).toBe("The file is too large. A file can have up to 25 MB.");
  await switchLanguage("es");
  expect(reasonText(error)).toBe("El archivo es demasiado grande. Puede ocupar hasta 25 MB.");
});

test("sizes, waits and counts are written as people write them, ports as they are", () => {
  const limits = { file: "a.txt", size_bytes: 3_000_000, limit_bytes: 20_000 };
  expect(reasonText(reason("file_too_large_for_channel", limits))).toContain("has 3 MB");
  expect(reasonText(reason("too_many_attempts", { retry_after: 61 }))).toContain("in 2 minutes");
  expect(reasonText(reason("mailbox_checked", { folder: "INBOX", where: "mail", count: 12_000 }))).toContain("12,000");
  expect(reasonText(reason("starttls_not_offered", { where: "mail", port: 2525 }))).toContain("port 2525");
});

test("a cause is said in the same language", async () => {
  await switchLanguage("es");
  const cause = reason("server_name_unknown", { where: "mail:587" });
  expect(reasonText(reason("given_up_after_attempts", { attempts: 8, cause }))).toBe(
    "Se abandonó tras 8 intentos: No existe ningún servidor llamado mail:587. Revisa el nombre.",
  );
});

test("a code that is not known, or without its parameters, is said by the server", () => {
  expect(reasonText(reason("from_a_newer_hub"))).toBe("As the server says it.");
  expect(reasonText(reason("upload_too_large"))).toBe("As the server says it.");
});

test("a failed request is shown by its code, and a proxy's response as it is", () => {
  expect(refusalText(new Problem(422, { code: "note_empty", detail: "?" }))).toBe(
    "The note is empty. Write something.",
  );
  expect(refusalText(new Problem(502, { detail: "Bad gateway" }))).toBe("Bad gateway");
});

test("a failure that is older than the codes keeps its sentence", () => {
  expect(failureText(null, "552 The mailbox is full.")).toBe("552 The mailbox is full.");
  expect(failureText(null, null)).toBe("");
});
