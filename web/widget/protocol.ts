// What the widget adds to the types of the visitors' protocol (hub/channels/webchat/protocol.py).
import type { ChatMessage, SignedIdentity } from "../api/types";

/** A message as it is kept in the browser. */
export type Line = Omit<ChatMessage, "type">;

/** Who is signed in, signed by the shop's own server: HMAC-SHA256 over `id|email|exp`, or a JWT (HS256) as a string. */
export type Identity = SignedIdentity | string;

export const SUBPROTOCOL = "hub.chat.v1";

/** Which of two cursors ("XID.POSITION") is further. */
export function further(a: string, b: string): string {
  const [ax = 0, ay = 0] = a.split(".").map(Number);
  const [bx = 0, by = 0] = b.split(".").map(Number);
  return bx > ax || (bx === ax && by > ay) ? b : a;
}

export const isAfter = (a: string, b: string): boolean => a !== b && further(a, b) === a;
