/** The live line: connects after a cursor, hears heartbeats, and comes back until told to stop. */
import type { Command, Frame } from "../api/types";

export type LineState = "connecting" | "open" | "waiting" | "signed_out";

export interface SocketLike {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(data: string): void;
  close(code?: number): void;
}

export interface LineOptions {
  after: string;
  url: (after: string) => string;
  hear: (frames: Frame[]) => void;
  state: (state: LineState) => void;
  open?: (url: string) => SocketLike;
  random?: () => number;
}

export interface Line {
  say(command: Command): boolean;
  /** Look at once whether the line still lives: the network is back, or the tab came to the front. */
  check(): void;
  close(): void;
}

export const DEAD_AFTER = 40_000;
export const STALE_AFTER = 30_000;
const SIGNED_OUT = 4401;
const TOO_MANY = 4429;

/** Half a second, doubled each time, at most 30 s, spread over its upper half. */
export function pause(tries: number, random: () => number = Math.random): number {
  const ceiling = Math.min(30_000, 500 * 2 ** Math.min(tries, 6));
  return ceiling * (0.5 + random() / 2);
}

const browserSocket = (url: string): SocketLike => new WebSocket(url) as unknown as SocketLike;

export function openLine(options: LineOptions): Line {
  const { url, hear, state, open = browserSocket, random = Math.random } = options;
  let after = options.after;
  let socket: SocketLike | null = null;
  let live = false;
  let stopped = false;
  let tries = 0;
  let heardAt = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let watch: ReturnType<typeof setTimeout> | undefined;

  function listen(): void {
    heardAt = Date.now();
    clearTimeout(watch);
    watch = setTimeout(() => drop(0), DEAD_AFTER);
  }

  function connect(): void {
    clearTimeout(retry);
    state("connecting");
    const mine = open(url(after));
    socket = mine;
    listen();
    mine.onopen = () => {
      if (socket !== mine) return;
      live = true;
      listen();
      state("open");
    };
    mine.onmessage = (event) => {
      if (socket === mine) receive(String(event.data));
    };
    mine.onclose = (event) => {
      if (socket === mine) drop(event.code);
    };
  }

  function receive(data: string): void {
    listen();
    tries = 0;
    const frames = JSON.parse(data) as Frame[];
    for (const frame of frames) if ("cursor" in frame) after = frame.cursor;
    if (frames.length > 0) hear(frames);
  }

  function forget(): void {
    const old = socket;
    socket = null;
    live = false;
    clearTimeout(watch);
    old?.close();
  }

  function drop(code: number): void {
    forget();
    if (stopped) return;
    if (code === SIGNED_OUT) {
      stopped = true;
      state("signed_out");
      return;
    }
    if (code === TOO_MANY) tries = Math.max(tries, 6);
    state("waiting");
    retry = setTimeout(connect, pause(tries++, random));
  }

  function check(): void {
    if (stopped) return;
    if (!socket || Date.now() - heardAt > STALE_AFTER) {
      forget();
      tries = 0;
      connect();
    }
  }

  function say(command: Command): boolean {
    if (!live || !socket) return false;
    socket.send(JSON.stringify(command));
    return true;
  }

  connect();
  return {
    say,
    check,
    close: () => {
      stopped = true;
      clearTimeout(retry);
      forget();
    },
  };
}
