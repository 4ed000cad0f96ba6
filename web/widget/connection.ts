// The websocket to the hub: reopened with back-off until it is closed, its token in the subprotocol.
import type { VisitorFrame } from "../api/types";
import { SUBPROTOCOL } from "./protocol";

const SILENCE_MS = 60_000;
const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/** The wait before attempt n (0, 1, …): 0.5 s · 2ⁿ up to 30 s, half of it random. */
export function backOff(attempt: number, chance: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return full / 2 + (full / 2) * chance;
}

export interface Listener {
  opened(): void;
  heard(frame: VisitorFrame): void;
  lost(code: number): void;
}

export class ChatSocket {
  #socket: WebSocket | null = null;
  #attempt = 0;
  #timer = 0;
  #watch = 0;
  #wanted = false;

  readonly #url: string;
  readonly #token: () => Promise<string | null>;
  readonly #listener: Listener;

  constructor(url: string, token: () => Promise<string | null>, listener: Listener) {
    this.#url = url;
    this.#token = token;
    this.#listener = listener;
  }

  open(): void {
    this.#wanted = true;
    if (!this.#socket && !this.#timer) void this.#connect();
  }

  /** Connect now: the network is back, or the tab is visible again. */
  hurry(): void {
    if (!this.#wanted || this.#socket) return;
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#attempt = 0;
    void this.#connect();
  }

  /** The network is down: do not wait for the socket to notice. */
  cut(): void {
    this.#drop(4000);
  }

  close(): void {
    this.#wanted = false;
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#drop(1000);
  }

  send(frame: object): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  #connecting = false;

  async #connect(): Promise<void> {
    if (this.#connecting) return;
    this.#connecting = true;
    const token = await this.#token().catch(() => null);
    this.#connecting = false;
    if (!this.#wanted) return;
    if (!token) return this.#later();
    const socket = new WebSocket(this.#url, [SUBPROTOCOL, `token.${token}`]);
    this.#socket = socket;
    this.#listen();
    socket.onopen = () => this.#socket === socket && this.#listener.opened();
    socket.onmessage = (event) => {
      if (this.#socket !== socket) return;
      this.#listen();
      const frame = JSON.parse(event.data as string) as VisitorFrame;
      if (frame.type === "welcome") this.#attempt = 0;
      this.#listener.heard(frame);
    };
    socket.onclose = (event) => this.#socket === socket && this.#drop(event.code);
  }

  /** A socket that is silent for a minute is considered dead, even if the browser reports it open. */
  #listen(): void {
    clearTimeout(this.#watch);
    this.#watch = window.setTimeout(() => this.#drop(4000), SILENCE_MS);
  }

  #drop(code: number): void {
    clearTimeout(this.#watch);
    const socket = this.#socket;
    this.#socket = null;
    if (socket && socket.readyState < WebSocket.CLOSING) socket.close();
    if (!socket) return;
    this.#listener.lost(code);
    if (this.#wanted) this.#later();
  }

  #later(): void {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(
      () => {
        this.#timer = 0;
        void this.#connect();
      },
      backOff(this.#attempt++, Math.random()),
    );
  }
}
