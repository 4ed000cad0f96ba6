/** No file of the app names a kind of channel: the hub sends how each kind looks and what it can carry. */
import { createApp } from "vue";
import { describe, expect, test } from "vitest";
import type { Appearance, Capabilities, ChannelItem, InboxState } from "../api/types";
import { appearanceOf, appearanceOfPoint, labelOf } from "../app/common/appearance";
import ChannelIcon from "../app/common/ChannelIcon.vue";
import { change } from "../app/common/store";
import { reduce } from "../live/reduce";
import { begin, emptyState } from "../live/state";
import { happened } from "./make";

const sources = import.meta.glob<string>("../{app,ui,live,text}/**/*.{ts,vue}", {
  eager: true,
  query: "?raw",
  import: "default",
});
const adapters = import.meta.glob<string>("../../hub/channels/*/adapter.py", { query: "?raw", import: "default" });
const kinds = Object.keys(adapters).map((path) => path.split("/").at(-2)!);

/** An agent's own email address is no kind of channel: a field of a form, its label, its place in an error. */
const OTHER_MEANINGS =
  /\b(?:type|inputmode|name|v-model)="email"|\b(?:t|errorAt)\('email'\)|\["name", "email", "role"\]/g;

function kindsIn(text: string): string[] {
  const rest = text.replace(OTHER_MEANINGS, "");
  return kinds.filter((kind) => new RegExp(`["'\`]${kind}["'\`]|^\\s*${kind}: *\\{`, "m").test(rest));
}

describe("names of kinds", () => {
  test("are those of the folders of the hub", () => {
    expect(kinds).toEqual(expect.arrayContaining(["email", "webchat"]));
  });

  test.each([
    ['if (kind === "email") return;', ["email"]],
    ["const looks = { chat: 1,\n  webchat: { icon } };", ["webchat"]],
    [`v-if="row.channel_kind === 'webchat'"`, ["webchat"]],
    ['<input type="email" :error="errorAt(\'email\')" />', []],
  ])("are noticed in %s", (text, found) => {
    expect(kindsIn(text)).toEqual(found);
  });

  test("stand in no file", () => {
    const naming = Object.entries(sources).filter(([, text]) => kindsIn(text).length > 0);
    expect(Object.keys(sources).length).toBeGreaterThan(150);
    expect(naming.map(([path]) => path)).toEqual([]);
  });
});

const appearance: Appearance = { label: { en: "Pager", es: "Busca" }, icon: "M4 4h16v16H4z", colour: "violet" };
const channel: ChannelItem = {
  id: "p",
  kind: "pager",
  name: "Night shift",
  address: "0900",
  team_id: null,
  paused: false,
  appearance,
  capabilities: { scheme: "pager" } as Capabilities,
};

function drawn(given: Appearance | null): Element {
  const place = document.createElement("div");
  createApp(ChannelIcon, { appearance: given }).mount(place);
  return place.querySelector("svg")!;
}

describe("a kind", () => {
  test("looks as its adapter says", () => {
    const icon = drawn(appearance);
    expect(icon.querySelector("path")!.getAttribute("d")).toBe("M4 4h16v16H4z");
    expect(icon.classList.contains("text-violet")).toBe(true);
    expect(labelOf(appearance)).toBe("Pager");
  });

  test("that nobody knows looks neutral", () => {
    expect(drawn(null).classList.contains("text-ink2")).toBe(true);
    expect(appearanceOf("pigeon")).toBe(null);
    expect(appearanceOf(null)).toBe(null);
  });

  test("is known from the first state of the inbox, for archived channels too", () => {
    const inbox = { agents: [], teams: [], channels: [], kinds: { pager: appearance } } as Partial<InboxState>;
    change(() => begin(emptyState, inbox as InboxState));
    expect(appearanceOf("pager")).toEqual(appearance);
  });

  test("is known once its first channel is added", () => {
    const frame = happened({ channel }, { type: "channel_changed", channel_id: "p" });
    change(() => reduce(emptyState, [frame]));
    expect(appearanceOf("pager")).toEqual(appearance);
    expect(appearanceOfPoint({ id: "1", scheme: "pager", value: "7", verified: false })).toEqual(appearance);
    expect(appearanceOfPoint({ id: "1", scheme: "tel", value: "7", verified: false })).toBe(null);
  });
});
