/** Events in words. An event without a case here has its words under its own name, with its fields as parameters. */
import type { EventItem } from "../../../api/types";
import { nameOf, state } from "../../common/store";
import { f } from "../../../ui/i18n";
import { t, type Word } from "../words";
import { en } from "../words/en";

const list = (tags: readonly string[]): string => tags.join(", ");

const texts = (event: object): Record<string, string | number> =>
  Object.fromEntries(
    Object.entries(event).filter(([, value]) => typeof value === "string" || typeof value === "number"),
  );

export function eventWords({ event, author }: EventItem): string {
  const who = author.kind === "system" || !author.name ? t("theHub") : author.name;
  switch (event.type) {
    case "conversation_assigned": {
      const name = event.agent_id
        ? nameOf(event.agent_id)
        : event.team_id
          ? (state.value.teams.get(event.team_id)?.name ?? "")
          : "";
      if (!name) return t("evUnassigned", { who });
      if (event.agent_id && event.agent_id === author.id) return t("evTaken", { who });
      return t(author.kind === "system" ? "evAssignedAuto" : "evAssigned", { who, name });
    }
    case "conversation_resolved":
      return t(event.wrap_up ? "evResolvedAs" : "evResolved", { who, wrap: event.wrap_up ?? "" });
    case "conversation_reopened":
      return event.by_customer ? t("evReopenedByCustomer") : t("evReopened", { who });
    case "conversation_snoozed":
      return t("evSnoozed", { who, when: f().full(event.until) });
    case "conversation_woken":
      return event.by_customer
        ? t("evWokenByCustomer")
        : t(author.kind === "agent" ? "evWoken" : "evWokenByTime", { who });
    case "tags_changed":
      return [
        event.added.length ? t("evTagged", { who, tags: list(event.added) }) : "",
        event.removed.length ? t("evUntagged", { who, tags: list(event.removed) }) : "",
      ]
        .filter(Boolean)
        .join(" · ");
    default:
      return event.type in en ? t(event.type as Word, { who, ...texts(event) }) : "";
  }
}
