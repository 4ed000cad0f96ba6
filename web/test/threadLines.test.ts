import { expect, test } from "vitest";
import { linesOf, type LineOptions } from "../app/inbox/thread/threadLines";
import type { EventItem, Item } from "../api/types";
import { message } from "./make";

const options = (change: Partial<LineOptions> = {}): LineOptions => ({
  conversation: "a",
  unread: 0,
  pending: [],
  dateKey: (at) => at.slice(0, 10),
  ...change,
});
const event = (key: string, change: Partial<EventItem> = {}): EventItem => ({
  type: "event",
  id: key,
  conversation_id: "a",
  contact_id: "c-a",
  key,
  at: "2026-03-01T10:00:00Z",
  author: { kind: "system", id: null, name: "" },
  event: { type: "conversation_resolved", wrap_up: null },
  ...change,
});
const kinds = (items: Item[], change: Partial<LineOptions> = {}): string[] =>
  linesOf(items, options(change)).map((line) => line.kind);

test("a run of one author names him once", () => {
  const lines = linesOf([message("1", "1"), message("2", "2"), message("3", "3", { channel_id: "other" })], options());
  expect(lines.flatMap((line) => (line.kind === "message" ? [line.head] : []))).toEqual([true, false, true]);
});

test("each day begins with its name", () => {
  expect(kinds([message("1", "1"), message("2", "2", { at: "2026-03-02T00:00:01Z" })])).toEqual([
    "day",
    "message",
    "day",
    "message",
  ]);
});

test("conversations are parted only where there are several", () => {
  expect(kinds([message("1", "1", { conversation_id: "b" }), message("2", "2")])).toEqual([
    "day",
    "conversation",
    "message",
    "conversation",
    "message",
  ]);
});

test("the unread mark comes before the first unread message", () => {
  const items = [message("1", "1"), message("2", "2", { direction: "outbound" }), message("3", "3"), message("4", "4")];
  expect(kinds(items, { unread: 2 })).toEqual(["day", "message", "message", "unread", "message", "message"]);
});

test("the opening of a conversation is left out: its first message shows the same", () => {
  const opened = event("2", { event: { type: "conversation_opened", conversation_id: "c" } });
  expect(kinds([event("1"), opened])).toEqual(["day", "event"]);
});

test("messages in the outbox come last, until they are confirmed", () => {
  const waiting = { item: message("x", "~", { direction: "outbound" }), path: "", body: {}, state: "waiting" as const };
  expect(linesOf([message("1", "1")], options({ pending: [waiting] })).at(-1)).toMatchObject({
    kind: "message",
    pending: "waiting",
  });
  expect(kinds([message("x", "2", { direction: "outbound" })], { pending: [waiting] })).toEqual(["day", "message"]);
});

test("an undone message is not shown", () => {
  expect(kinds([message("1", "1", { removed: true })])).toEqual([]);
});
