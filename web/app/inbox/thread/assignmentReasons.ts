/** The reasons of an assignment in words, from the router's codes; an unknown code is shown as it is. */
import { f } from "../../../ui/i18n";
import { t, type Word } from "../words";

const plain = new Map<string, Word>(
  Object.entries({
    anyone: "whyAnyone",
    only_one_free: "whyOnly",
    drawn: "whyDrawn",
    claimed: "whyClaimed",
    assigned: "whyAssigned",
    replied: "whyReplied",
    reopened: "whyReopened",
    transferred: "whyTransferred",
    woken: "whyWoken",
    owner: "whyOwner",
    owner_not_free: "whyOwnerNotFree",
    owner_gone: "whyOwnerGone",
  } as const),
);

export function reasonWords(code: string): string {
  const at = code.indexOf(":");
  const [name, value] = at < 0 ? [code, ""] : [code.slice(0, at), code.slice(at + 1)];
  const word = value ? undefined : plain.get(name);
  if (word) return t(word);
  const [first = "", cap = ""] = value.split("/");
  if (name === "member_of" && value) return t("whyMember", { team: value });
  if (name === "room" && cap) return t("whyRoom", { free: first, cap });
  if (name === "least_loaded" && cap) return t("whyLeast", { used: first, cap });
  if (name === "longest_idle" && /^\d+s$/.test(value))
    return t("whyIdle", { time: f().span(Number.parseInt(value, 10) * 1000) });
  return code;
}

export const reasonsWords = (codes: readonly string[]): string => codes.map(reasonWords).join(" · ");
