/** The agents' websocket: connects from a cursor, watches for heartbeats, and reconnects until it is closed. */
import type { Command, Frame } from "../api/types";

export type SocketState = "connecting" | "open" | "waiting" | "signed_out";

export interface SocketLike {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(data: string): void;
  close(code?: number): void;
}

export interface SocketOptions {
  after: string;
  url: (after: string) => string;
  onFrames: (frames: Frame[]) => void;
  onState: (state: SocketState) => void;
  open?: (url: string) => SocketLike;
  random?: () => number;
}

export interface LiveSocket {
  send(command: Command): boolean;
  /** Checks at once whether the connection is alive: the network is back, or the tab came to the front. */
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

export function openSocket(options: SocketOptions): LiveSocket {
  const { url, onFrames, onState, open = browserSocket, random = Math.random } = options;
  let after = options.after;
  let socket: SocketLike | null = null;
  let live = false;
  let stopped = false;
  let tries = 0;
  let heardAt = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let watch: ReturnType<typeof setTimeout> | undefined;

  function restartWatch(): void {
    heardAt = Date.now();
    clearTimeout(watch);
    watch = setTimeout(() => drop(0), DEAD_AFTER);
  }

  function connect(): void {
    clearTimeout(retry);
    onState("connecting");
    const mine = open(url(after));
    socket = mine;
    restartWatch();
    mine.onopen = () => {
      if (socket !== mine) return;
      live = true;
      restartWatch();
      onState("open");
    };
    mine.onmessage = (event) => {
      if (socket === mine) receive(String(event.data));
    };
    mine.onclose = (event) => {
      if (socket === mine) drop(event.code);
    };
  }

  function receive(data: string): void {
    restartWatch();
    tries = 0;
    const frames = JSON.parse(data) as Frame[];
    for (const frame of frames) if ("cursor" in frame) after = frame.cursor;
    if (frames.length > 0) onFrames(frames);
  }

  function disconnect(): void {
    const old = socket;
    socket = null;
    live = false;
    clearTimeout(watch);
    old?.close();
  }

  function drop(code: number): void {
    disconnect();
    if (stopped) return;
    if (code === SIGNED_OUT) {
      stopped = true;
      onState("signed_out");
      return;
    }
    if (code === TOO_MANY) tries = Math.max(tries, 6);
    onState("waiting");
    retry = setTimeout(connect, pause(tries++, random));
  }

  function check(): void {
    if (stopped) return;
    if (!socket || Date.now() - heardAt > STALE_AFTER) {
      disconnect();
      tries = 0;
      connect();
    }
  }

  function send(command: Command): boolean {
    if (!live || !socket) return false;
    socket.send(JSON.stringify(command));
    return true;
  }

  connect();
  return {
    send,
    check,
    close: () => {
      stopped = true;
      clearTimeout(retry);
      disconnect();
    },
  };
}
