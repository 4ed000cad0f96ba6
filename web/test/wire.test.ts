import { expect, test } from "vitest";
import type { components } from "../api/schema";
import type * as wire from "../api/types";

type Served = components["schemas"];
/** What the server sends has every field, whatever has a default. */
type Full<T> = T extends (infer U)[] ? Full<U>[] : T extends object ? { [K in keyof T]-?: Full<Exclude<T[K], undefined>> } : T;
/** True where the server's shape can be read as ours. */
type Reads<Theirs, Ours> = [Full<Theirs>] extends [Ours] ? true : { missing: Exclude<keyof Ours, keyof Theirs> };

const agreed: {
  row: Reads<Served["Row"], wire.Row>;
  listed: Reads<Served["Listed"], wire.Listed>;
  page: Reads<Served["ConversationPage"], wire.ConversationPage>;
  message: Reads<Served["MessageItem"], wire.MessageItem>;
  event: Reads<Served["EventItem"], wire.EventItem>;
  timeline: Reads<Served["TimelinePage"], wire.TimelinePage>;
  reach: Reads<Served["Reach"], wire.Reach>;
  detail: Reads<Served["ConversationDetail"], wire.ConversationDetail>;
  counts: Reads<Served["Counts"], wire.Counts>;
  agent: Reads<Served["AgentItem"], wire.AgentItem>;
  attachment: Reads<Served["AttachmentItem"], wire.AttachmentItem>;
} = {
  row: true, listed: true, page: true, message: true, event: true, timeline: true, reach: true, detail: true, counts: true,
  agent: true, attachment: true,
};

test("the shapes the app reads are the ones the server describes", () => {
  expect(Object.values(agreed).every(Boolean)).toBe(true);
});
