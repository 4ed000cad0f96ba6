import { expect, test } from "vitest";
import { belongs } from "../app/operations/useDeliveries";
import { named } from "../app/operations/useNames";
import { found, movesOf, rolesFor, standingOf } from "../app/settings/people/people";
import { browserOf } from "../app/settings/profile/browsers";
import type { AgentAdmin } from "../api/types";

const agent = (change: Partial<AgentAdmin>): AgentAdmin => ({
  id: "1",
  name: "Ana",
  email: "ana@shop.example",
  kind: "person",
  role: "agent",
  team_ids: [],
  language: "en",
  disabled: false,
  invited: false,
  last_seen_at: null,
  ...change,
});
const filter = { text: "", role: "", team: "", standing: "" };

test("somebody who is disabled is not also invited", () => {
  expect(standingOf(agent({ disabled: true, invited: true }))).toBe("disabled");
  expect(standingOf(agent({ invited: true }))).toBe("invited");
  expect(standingOf(agent({ invited: true, kind: "bot", role: "bot" }))).toBe("active");
});
test("a search finds names without their accents, and filters narrow it", () => {
  const all = [agent({ id: "1", name: "Irène" }), agent({ id: "2", name: "Bo", team_ids: ["t"], role: "admin" })];
  expect(found(all, { ...filter, text: "irene" }).map((one) => one.id)).toEqual(["1"]);
  expect(found(all, { ...filter, team: "t", role: "admin" }).map((one) => one.id)).toEqual(["2"]);
  expect(found(all, { ...filter, standing: "invited" })).toEqual([]);
});
test("only an owner may make owners", () => {
  expect(rolesFor(false)).not.toContain("owner");
  expect(rolesFor(true)).toContain("owner");
});
test("only those whose membership changes are touched", () => {
  const all = [agent({ id: "1", team_ids: ["t", "u"] }), agent({ id: "2" }), agent({ id: "3", team_ids: ["t"] })];
  expect(movesOf(all, "t", ["2", "3"])).toEqual([
    { id: "1", team_ids: ["u"] },
    { id: "2", team_ids: ["t"] },
  ]);
});
test("a message under way counts as waiting", () => {
  expect(["due", "claimed", "sending", "sent", "doubtful"].map((state) => belongs(state, "due"))).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});
test("a history names people", () => {
  const id = "01920000-0000-7000-8000-000000000001";
  expect(named(`sent, by ${id}`, new Map([[id, "Marina"]]))).toBe("sent, by Marina");
});
test("a browser is recognised by its user agent", () => {
  expect(
    browserOf("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"),
  ).toEqual({ browser: "Chrome", system: "Linux" });
});
