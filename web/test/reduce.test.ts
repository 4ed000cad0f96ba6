import { expect, test } from "vitest";
import { expire, reduce, withListed, withPage, withTimeline, withoutPages } from "../live/reduce";
import { emptyState, unread, type LiveState } from "../live/state";
import { happened, listed, message, page } from "./make";

const at = (minute: number): string => `2026-03-01T10:${String(minute).padStart(2, "0")}:00Z`;
const ids = (state: LiveState, view = "mine"): readonly string[] => state.views.get(view)!.ids;
const two = withPage(
  emptyState,
  "mine",
  page([listed("a", { last_at: at(2) }), listed("b", { last_at: at(1) })]),
  true,
);

test("a new message brings its conversation to the top", () => {
  const next = reduce(two, [happened({ listed: listed("b", { version: 2, last_at: at(3) }) })]);
  expect(ids(next)).toEqual(["b", "a"]);
  expect(ids(two)).toEqual(["a", "b"]);
});

test("an older version that arrives late changes nothing", () => {
  const newer = reduce(two, [happened({ listed: listed("a", { version: 5, preview: "new" }) })]);
  const late = reduce(newer, [happened({ listed: listed("a", { version: 4, preview: "old" }, []) })]);
  expect(late.rows.get("a")!.row.preview).toBe("new");
  expect(ids(late)).toContain("a");
});

test("applying a frame twice is the same as once", () => {
  const frames = [happened({ listed: listed("c", { last_at: at(9) }), item: message("m", "1") })];
  const opened = withTimeline(two, "c-a", { cursor: "1.0", items: [], previous: null }, false);
  const once = reduce(opened, frames);
  const twice = reduce(once, frames);
  expect(twice.views).toEqual(once.views);
  expect(twice.rows).toEqual(once.rows);
  expect(twice.threads).toEqual(once.threads);
});

test("a row leaves the views it no longer belongs to", () => {
  const next = reduce(two, [happened({ listed: listed("a", { version: 2, state: "resolved" }, ["resolved"]) })]);
  expect(ids(next)).toEqual(["b"]);
});

test("a conversation out of sight is dropped everywhere, and returns when it is visible again", () => {
  const gone = reduce(two, [happened({ conversation_id: "a" })]);
  expect(ids(gone)).toEqual(["b"]);
  expect(gone.rows.has("a")).toBe(false);
  const stale = withPage(gone, "mine", page([listed("a"), listed("b")]), true);
  expect(ids(stale)).toEqual(["b"]);
  expect(ids(reduce(stale, [happened({ listed: listed("a", { last_at: at(5) }) })]))).toEqual(["a", "b"]);
});

test("team and channel views hold the server's conversations", () => {
  const state = withPage(withPage(emptyState, "team:t", page([]), true), "channel:ch", page([]), true);
  const next = reduce(state, [happened({ listed: listed("a", {}, ["open", "team:t", "channel:ch"]) })]);
  expect([ids(next, "team:t"), ids(next, "channel:ch")]).toEqual([["a"], ["a"]]);
  const resolved = reduce(next, [happened({ listed: listed("a", { version: 2 }, ["resolved"]) })]);
  expect([ids(resolved, "team:t"), ids(resolved, "channel:ch")]).toEqual([[], []]);
});

test("a row below the loaded pages waits for its page", () => {
  const more = withPage(emptyState, "mine", page([listed("a", { last_at: at(5) })], "below"), true);
  const next = reduce(more, [happened({ listed: listed("old", { last_at: at(1) }) })]);
  expect(ids(next)).toEqual(["a"]);
  expect(ids(withPage(next, "mine", page([listed("old", { last_at: at(1) })]), false))).toEqual(["a", "old"]);
});

test("a page that was read before a frame does not restore removed rows", () => {
  const left = reduce(two, [happened({ listed: listed("a", { version: 3 }, ["resolved"]) })]);
  expect(ids(withPage(left, "mine", page([listed("a"), listed("b", { last_at: at(1) })]), true))).toEqual(["b"]);
});

test("messages are sorted by key, whenever they arrive", () => {
  const opened = withTimeline(emptyState, "c-a", { cursor: "1.0", items: [message("m2", "2")], previous: "2" }, false);
  const next = reduce(opened, [happened({ item: message("m3", "3") }), happened({ item: message("m1", "1") })]);
  expect(next.threads.get("c-a")!.items.map((item) => item.id)).toEqual(["m1", "m2", "m3"]);
  expect(next.threads.get("c-a")!.previous).toBe("2");
});

test("timelines that were not opened are not kept", () => {
  expect(reduce(emptyState, [happened({ item: message("m", "1") })]).threads.size).toBe(0);
});

test("an answer that was read earlier does not set a status back", () => {
  const sent = withTimeline(
    emptyState,
    "c-a",
    { cursor: "1.0", items: [message("m", "1", { status: "delivered" })], previous: null },
    false,
  );
  const late = withTimeline(
    sent,
    "c-a",
    { cursor: "0.9", items: [message("m", "1", { status: "queued" })], previous: null },
    false,
  );
  expect(late.threads.get("c-a")!.items[0]).toMatchObject({ status: "delivered" });
});

test("an older page goes above, with the key of the page before it", () => {
  const opened = withTimeline(emptyState, "c-a", { cursor: "1.0", items: [message("m2", "2")], previous: "p" }, false);
  const older = withTimeline(opened, "c-a", { cursor: "1.0", items: [message("m1", "1")], previous: null }, true);
  expect(older.threads.get("c-a")).toMatchObject({ previous: null });
  expect(older.threads.get("c-a")!.items.map((item) => item.id)).toEqual(["m1", "m2"]);
});

test("typing holds six seconds, or until the message is there", () => {
  const typing = reduce(
    emptyState,
    [
      { type: "writing", conversation_id: "a", agent_id: "p", mode: "reply" },
      { type: "writing", conversation_id: "a", agent_id: null, mode: "reply" },
    ],
    1000,
  );
  expect(typing.writing.get("a")!.size).toBe(2);
  expect(expire(typing, 6999)).toBe(typing);
  expect(expire(typing, 7000).writing.has("a")).toBe(false);
  const said = reduce(typing, [happened({ listed: listed("a"), item: message("m", "1") })], 2000);
  expect([...said.writing.get("a")!.keys()]).toEqual(["p"]);
});

test("counts, presence and viewing have the latest values", () => {
  const counts = { mine: 3, unassigned: 0, mentions: 0, snoozed: 0, open: 9, teams: {}, channels: {} };
  const next = reduce(emptyState, [
    { type: "counted", counts },
    { type: "present", online: ["p"] },
    { type: "viewing", conversation_id: "a", agents: ["p"] },
  ]);
  expect(next.counts).toBe(counts);
  expect([...next.online]).toEqual(["p"]);
  expect(next.viewing.get("a")).toEqual(["p"]);
});

test("a reset moves the cursor and asks for everything again", () => {
  const next = reduce(two, [{ type: "reset", reason: "too_old", cursor: "9.9" }]);
  expect(next).toMatchObject({ cursor: "9.9", resets: 1 });
  expect(withoutPages(next).views.size).toBe(0);
});

test("read marks change the row of this agent alone", () => {
  const read = withListed(two, listed("a", { last_at: at(2), inbound_count: 2 }, ["mine", "open"], 2));
  expect(unread(read.rows.get("a")!)).toBe(0);
  expect(ids(read)).toEqual(["a", "b"]);
});

test("merged customers lose their timelines, so that they are loaded again", () => {
  const opened = withTimeline(emptyState, "c-a", { cursor: "1.0", items: [message("m", "1")], previous: null }, false);
  const next = reduce(opened, [
    happened({}, { type: "contacts_merged", source_id: "c-a", target_id: "c-b", reason: "" }),
  ]);
  expect(next.threads.has("c-a")).toBe(false);
  expect(next.touched.get("c-b")).toBe(1);
});

test("a thousand rows in one batch leave the view in order", () => {
  const start = withPage(emptyState, "open", page([]), true);
  const frames = Array.from({ length: 1000 }, (_, n) =>
    happened({ listed: listed(`r${n}`, { last_at: new Date(1e12 + ((n * 7919) % 1000) * 1000).toISOString() }) }),
  );
  const times = ids(reduce(start, frames), "open").map((id) =>
    Date.parse(frames[Number(id.slice(1))]!.listed!.row.last_at),
  );
  expect(times).toHaveLength(1000);
  expect(times).toEqual(times.toSorted((a, b) => b - a));
});
