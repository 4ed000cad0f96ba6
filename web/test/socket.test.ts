import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DEAD_AFTER, openSocket, pause, type SocketState, type SocketLike } from "../live/socket";
import type { Frame } from "../api/types";
import { happened } from "./make";

class FakeSocket implements SocketLike {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  said: string[] = [];
  closed = false;
  constructor(readonly url: string) {}
  send(data: string): void {
    this.said.push(data);
  }
  close(): void {
    this.closed = true;
  }
  hears(frames: unknown[]): void {
    this.onmessage?.({ data: JSON.stringify(frames) });
  }
}

let sockets: FakeSocket[];
let states: SocketState[];
let heard: Frame[];
const last = (): FakeSocket => sockets.at(-1)!;

function begin() {
  return openSocket({
    after: "0.0",
    url: (after) => `ws://hub/api/live?after=${after}`,
    onFrames: (frames) => {
      heard.push(...frames);
    },
    onState: (state) => {
      states.push(state);
    },
    random: () => 1,
    open: (url) => {
      const socket = new FakeSocket(url);
      sockets.push(socket);
      return socket;
    },
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  states = [];
  heard = [];
});
afterEach(() => {
  vi.useRealTimers();
});

test("it reconnects after the last cursor received", () => {
  begin();
  last().onopen?.();
  const frame = happened();
  last().hears([frame, { type: "counted", counts: {} }]);
  last().onclose?.({ code: 1006 });
  vi.advanceTimersByTime(500);
  expect(sockets).toHaveLength(2);
  expect(last().url).toContain(`after=${frame.cursor}`);
  expect(heard).toHaveLength(2);
});

test("forty silent seconds mean a dead connection, an empty frame keeps it alive", () => {
  begin();
  last().onopen?.();
  vi.advanceTimersByTime(25_000);
  last().hears([]);
  vi.advanceTimersByTime(25_000);
  expect(sockets).toHaveLength(1);
  vi.advanceTimersByTime(DEAD_AFTER - 25_000);
  expect(states.at(-1)).toBe("waiting");
  expect(sockets[0]!.closed).toBe(true);
});

test("pauses double up to half a minute and are spread", () => {
  expect([0, 1, 2, 3, 6, 50].map((tries) => pause(tries, () => 1))).toEqual([500, 1000, 2000, 4000, 30_000, 30_000]);
  expect(pause(2, () => 0)).toBe(1000);
});

test("it never gives up", () => {
  begin();
  for (let tries = 0; tries < 200; tries += 1) {
    last().onclose?.({ code: 1006 });
    vi.advanceTimersByTime(30_000);
  }
  expect(sockets).toHaveLength(201);
});

test("a check reconnects at once when the connection is down or stale", () => {
  const line = begin();
  last().onopen?.();
  line.check();
  expect(sockets).toHaveLength(1);
  last().onclose?.({ code: 1006 });
  line.check();
  expect(sockets).toHaveLength(2);
  last().onopen?.();
  vi.setSystemTime(Date.now() + 31_000);
  line.check();
  expect(sockets).toHaveLength(3);
});

test("signed out, it stays away", () => {
  const line = begin();
  last().onclose?.({ code: 4401 });
  vi.advanceTimersByTime(120_000);
  line.check();
  expect(states.at(-1)).toBe("signed_out");
  expect(sockets).toHaveLength(1);
});

test("too many sockets means waiting long", () => {
  begin();
  last().onclose?.({ code: 4429 });
  vi.advanceTimersByTime(29_000);
  expect(sockets).toHaveLength(1);
  vi.advanceTimersByTime(1000);
  expect(sockets).toHaveLength(2);
});

test("frames of the old socket are not applied twice", () => {
  begin();
  const old = last();
  old.onclose?.({ code: 4408 });
  old.hears([happened()]);
  expect(heard).toHaveLength(0);
});

test("messages are sent only on an open connection", () => {
  const line = begin();
  expect(line.send({ type: "look", conversation_id: null })).toBe(false);
  last().onopen?.();
  expect(line.send({ type: "look", conversation_id: null })).toBe(true);
  expect(last().said).toHaveLength(1);
});

test("closed for good, no timer is left", () => {
  const line = begin();
  last().onopen?.();
  line.close();
  expect(vi.getTimerCount()).toBe(0);
});
