import { beforeEach, describe, expect, test, vi } from "vitest";
import { backOff, ChatSocket } from "../widget/connection";
import { Store } from "../widget/store";
import { rich } from "../widget/text";
import { further, isAfter, type Line } from "../widget/protocol";
import type { VisitorFrame as Frame } from "../api/types";

const line = (id: string, cursor: string, from: Line["from"] = "agent"): Line => ({
  id,
  from,
  author: "Marina",
  text: id,
  attachments: [],
  at: `2026-01-01T00:00:${cursor.split(".")[0]!.padStart(2, "0")}Z`,
  cursor,
  read: false,
});

beforeEach(() => localStorage.clear());

describe("cursors", () => {
  test("are compared as numbers, transaction first", () => {
    expect(further("9.5", "10.1")).toBe("10.1");
    expect(isAfter("10.2", "10.10")).toBe(false);
    expect(isAfter("10.2", "10.2")).toBe(false);
  });
});

describe("outbox", () => {
  test("a message written offline survives a reload with its id", () => {
    const said = new Store("k", localStorage).say("hello");
    expect(new Store("k", localStorage).memory.outbox).toEqual([said]);
  });

  test("an acknowledged message moves into the conversation, once", () => {
    const store = new Store("k", localStorage);
    const { id } = store.say("hello");
    store.acked(id, "2026-01-01T00:00:00Z");
    store.acked(id, "2026-01-01T00:00:00Z");
    expect(store.memory.outbox).toEqual([]);
    expect(store.memory.lines.map((l) => l.id)).toEqual([id]);
  });

  test("a message that returns over the socket counts as acknowledged", () => {
    const store = new Store("k", localStorage);
    const { id } = store.say("hello");
    store.take([line(id, "3.1", "me")], "3.1");
    expect(store.memory.outbox).toEqual([]);
    expect(store.memory.lines).toHaveLength(1);
  });

  test("two tabs add to one outbox", () => {
    const [one, two] = [new Store("k", localStorage), new Store("k", localStorage)];
    one.say("first");
    two.say("second");
    expect(one.refresh().memory.outbox.map((p) => p.text)).toEqual(["first", "second"]);
  });

  test("works without storage, as long as the page lives", () => {
    const store = new Store("k", null);
    store.say("hello");
    store.say("again");
    expect(store.memory.outbox).toHaveLength(2);
  });

  test("full storage does not lose unsent messages", () => {
    const full = {
      getItem: () => null,
      setItem: () => {
        throw new Error("QuotaExceededError");
      },
    } as unknown as Storage;
    const store = new Store("k", full);
    store.say("hello");
    store.say("again");
    expect(store.memory.outbox.map((p) => p.text)).toEqual(["hello", "again"]);
  });

  test("a broken memory is an empty one", () => {
    localStorage.setItem("k", '{"outbox":');
    expect(new Store("k", localStorage).memory.outbox).toEqual([]);
  });
});

describe("conversation", () => {
  test("a message that arrives twice is shown once", () => {
    const store = new Store("k", localStorage);
    expect(store.take([line("a", "1.1")], "1.1")).toHaveLength(1);
    expect(store.take([line("a", "1.1"), line("b", "2.1")], "2.1").map((l) => l.id)).toEqual(["b"]);
    expect(store.memory.lines.map((l) => l.id)).toEqual(["a", "b"]);
  });

  test("the cursor never goes back, except when everything is loaded again", () => {
    const store = new Store("k", localStorage);
    store.take([], "5.1");
    store.take([line("a", "3.1")], "3.1");
    expect(store.memory.cursor).toBe("5.1");
    store.take([], "4.0", true);
    expect(store.memory.cursor).toBe("4.0");
    expect(store.memory.lines).toEqual([]);
  });

  test("messages seen in another tab stay seen, though this tab wrote later", () => {
    const one = new Store("k", localStorage);
    one.take([line("a", "1.1")], "1.1");
    const other = new Store("k", localStorage);
    expect(other.see()).toBe("1.1");
    one.update({ readUpto: "now" }); // written without having seen it
    expect(one.refresh("1.1").unread).toBe(0);
    expect(other.refresh().unread).toBe(0);
  });

  test("unread are the answers after the last one that was on the screen", () => {
    const store = new Store("k", localStorage);
    store.take([line("a", "1.1"), line("m", "2.1", "me"), line("b", "3.1")], "3.1");
    expect(store.unread).toBe(2);
    expect(store.see()).toBe("3.1");
    expect(store.see()).toBeNull();
    expect(store.unread).toBe(0);
  });

  test("nothing of one person stays for the next", () => {
    const store = new Store("k", localStorage);
    store.admit("secret");
    store.say("for my eyes");
    store.take([line("a", "1.1")], "1.1");
    store.forget("customer-7");
    const { token, who, lines, outbox, cursor } = new Store("k", localStorage).memory;
    expect({ token, who, lines, outbox, cursor }).toEqual({
      token: null,
      who: "customer-7",
      lines: [],
      outbox: [],
      cursor: null,
    });
  });
});

describe("text", () => {
  const shown = (text: string, ours: boolean): string => rich(text, ours)?.outerHTML ?? "";

  test("a visitor's own words have links and no marks", () => {
    expect(shown("**a** 2*3*4\nSee https://a.example/x?y=1. Or (http://b.example)!", false)).toBe(
      '<p>**a** 2*3*4\nSee <a href="https://a.example/x?y=1" target="_blank" rel="noopener nofollow ugc">https://a.example/x?y=1</a>. ' +
        'Or (<a href="http://b.example" target="_blank" rel="noopener nofollow ugc">http://b.example</a>)!</p>',
    );
    expect(shown("[x](https://a.example) `code` \\*", false)).toContain("`code` \\*");
  });

  test("nothing but white space is no text", () => {
    expect(rich("", true)).toBeNull();
    expect(rich("", false)).toBeNull();
  });
});

describe("line", () => {
  class Socket extends EventTarget {
    static readonly OPEN = 1;
    static readonly CLOSING = 2;
    static all: Socket[] = [];
    readyState = 0;
    sent: string[] = [];
    onopen: (() => void) | null = null;
    onmessage: ((e: { data: string }) => void) | null = null;
    onclose: ((e: { code: number }) => void) | null = null;
    constructor(
      readonly url: string,
      readonly protocols: string[],
    ) {
      super();
      Socket.all.push(this);
    }
    send(data: string): void {
      this.sent.push(data);
    }
    close(): void {
      this.readyState = 3;
    }
    accept(): void {
      this.readyState = 1;
      this.onopen?.();
    }
    hear(frame: object): void {
      this.onmessage?.({ data: JSON.stringify(frame) });
    }
    cut(code = 1006): void {
      this.readyState = 3;
      this.onclose?.({ code });
    }
  }

  beforeEach(() => {
    vi.useFakeTimers();
    Socket.all = [];
    vi.stubGlobal("WebSocket", Socket);
  });

  const make = () => {
    const heard: Frame[] = [];
    const lost: number[] = [];
    const hub = new ChatSocket("ws://hub/socket", async () => "t".repeat(43), {
      opened: () => {},
      heard: (f) => heard.push(f),
      lost: (c) => lost.push(c),
    });
    return { hub, heard, lost };
  };

  test("waits longer after each failure, at most half a minute", () => {
    expect(backOff(0, 0)).toBe(250);
    expect(backOff(0, 1)).toBe(500);
    expect(backOff(3, 1)).toBe(4000);
    expect(backOff(50, 1)).toBe(30_000);
  });

  test("the token travels in the subprotocol, never in the address", async () => {
    const { hub } = make();
    hub.open();
    await vi.advanceTimersByTimeAsync(0);
    expect(Socket.all[0]!.url).toBe("ws://hub/socket");
    expect(Socket.all[0]!.protocols).toEqual(["hub.chat.v1", `token.${"t".repeat(43)}`]);
  });

  test("reconnects after a cut, without a limit", async () => {
    const { hub, lost } = make();
    hub.open();
    for (let n = 1; n <= 12; n++) {
      await vi.advanceTimersByTimeAsync(30_000);
      expect(Socket.all).toHaveLength(n);
      Socket.all[n - 1]!.cut();
    }
    expect(lost).toHaveLength(12);
  });

  test("a connection that is silent for a minute is opened again", async () => {
    const { hub, lost } = make();
    hub.open();
    await vi.advanceTimersByTimeAsync(0);
    Socket.all[0]!.accept();
    await vi.advanceTimersByTimeAsync(59_000);
    Socket.all[0]!.hear({ type: "pulse" });
    await vi.advanceTimersByTimeAsync(59_000);
    expect(lost).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(lost).toEqual([4000]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(Socket.all).toHaveLength(2);
  });

  test("stays closed when it was closed on purpose", async () => {
    const { hub } = make();
    hub.open();
    await vi.advanceTimersByTimeAsync(0);
    hub.close();
    await vi.advanceTimersByTimeAsync(60_000);
    hub.hurry();
    expect(Socket.all).toHaveLength(1);
  });
});
