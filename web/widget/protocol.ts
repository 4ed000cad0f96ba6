// Types of the widget in addition to those of the visitors' protocol (hub/visitors/protocol.py).
import type { ChatMessage, SignedIdentity } from "../api/types";

/** A message as stored in the browser. */
export type Line = Omit<ChatMessage, "type">;

/** Who is signed in, signed by the shop's own server: HMAC-SHA256 over `id|email|exp`, or a JWT (HS256) as a string. */
export type Identity = SignedIdentity | string;

export const SUBPROTOCOL = "hub.chat.v1";

/** The later of two cursors ("XID.POSITION"). */
export function further(a: string, b: string): string {
  const [ax = 0, ay = 0] = a.split(".").map(Number);
  const [bx = 0, by = 0] = b.split(".").map(Number);
  return bx > ax || (bx === ax && by > ay) ? b : a;
}

export const isAfter = (a: string, b: string): boolean => a !== b && further(a, b) === a;
