/** The names of a channel's settings on screen; the server describes them in English. */
import { shallowRef } from "vue";
import { language, whenSpanish } from "../../../ui/i18n";

/** Names of choices that the server gives as codes. */
const spelled: Readonly<Record<string, string>> = {
  none: "None",
  tls: "TLS",
  starttls: "STARTTLS",
  password: "Password",
  xoauth2: "OAuth (XOAUTH2)",
};
const spanish = shallowRef<Readonly<Record<string, string>>>({});
whenSpanish(async () => {
  spanish.value = (await import("./schemaText.es")).titles;
});

export const schemaText = (text: string): string =>
  (language.value === "es" ? spanish.value : spelled)[text] ?? spelled[text] ?? text;
