import { expect, test } from "vitest";
import { Problem } from "../api/client";
import { createOutbox, type Pending } from "../live/outbox";
import type { MessageItem } from "../api/types";
import { message } from "./make";

function outboxWith(answer: (id: string) => MessageItem | Problem) {
  const seen = {
    posted: [] as string[],
    confirmed: [] as string[],
    refused: [] as string[],
    lists: [] as (readonly Pending[])[],
  };
  const kept = new Map<string, string>();
  const storage = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
    removeItem: (name: string) => void kept.delete(name),
  };
  const make = () =>
    createOutbox({
      post: (_, __, key) => {
        seen.posted.push(key);
        const got = answer(key);
        return got instanceof Problem ? Promise.reject(got) : Promise.resolve(got);
      },
      confirmed: (item) => {
        seen.confirmed.push(item.id);
      },
      refused: (pending, problem) => {
        seen.refused.push(`${pending.item.id} ${problem.status}`);
      },
      changed: (list) => {
        seen.lists.push(list);
      },
      storage,
    });
  return { seen, make, kept };
}

test("a sent message shows at once and leaves the outbox when it is confirmed", async () => {
  const { seen, make } = outboxWith((id) => message(id, "9"));
  const outbox = make();
  const sending = outbox.send(message("m1", "~"), "/x", {});
  expect(seen.lists[0]!.map((one) => one.item.id)).toEqual(["m1"]);
  await sending;
  expect(seen.confirmed).toEqual(["m1"]);
  expect(outbox.pending()).toEqual([]);
});

test("a refusal takes it back and says so", async () => {
  const { seen, make } = outboxWith(() => new Problem(422, { detail: "too long" }));
  const outbox = make();
  await outbox.send(message("m1", "~"), "/x", {});
  expect(seen.refused).toEqual(["m1 422"]);
  expect(outbox.pending()).toEqual([]);
});

test("while the connection is down messages wait, then are sent once with the same key, in order", async () => {
  let down = true;
  const { seen, make } = outboxWith((id) => (down ? new Problem(0, {}) : message(id, "9")));
  const outbox = make();
  await outbox.send(message("m1", "~"), "/x", {});
  await outbox.send(message("m2", "~"), "/x", {});
  expect(outbox.pending().map((one) => one.state)).toEqual(["waiting", "waiting"]);
  expect(seen.refused).toEqual([]);
  down = false;
  await outbox.flush();
  expect(seen.confirmed).toEqual(["m1", "m2"]);
  expect(seen.posted.slice(-2)).toEqual(["m1", "m2"]);
});

test("waiting messages survive a reload", async () => {
  let down = true;
  const { seen, make } = outboxWith((id) => (down ? new Problem(503, {}) : message(id, "9")));
  await make().send(message("m1", "~"), "/x", { text: "hello" });
  down = false;
  const again = make();
  expect(again.pending()).toMatchObject([{ state: "waiting", body: { text: "hello" } }]);
  await again.flush();
  expect(seen.confirmed).toEqual(["m1"]);
});

test("a broken store is an empty one", () => {
  const { make, kept } = outboxWith((id) => message(id, "9"));
  kept.set("hub.outbox", "{not json");
  expect(make().pending()).toEqual([]);
});
