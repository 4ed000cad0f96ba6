// What travels between the widget and the hub (hub/visitors/protocol.py).

export interface FileLine {
  id: string
  filename: string
  media_type: string
  size: number
}

export interface Line {
  id: string
  from: 'agent' | 'me'
  author: string | null
  text: string
  attachments: FileLine[]
  at: string
  cursor: string
  read: boolean
}

export interface Config {
  name: string
  greeting: string
  prechat: ('name' | 'email')[]
  require_verification: boolean
  replies_in: number | null
  max_file_bytes: number
}

export interface Welcome {
  type: 'welcome'
  visitor: string
  verified: boolean
  cursor: string
  resumed: boolean
  config: Config
  messages: Line[]
  read_upto: string | null
}

export interface Refused {
  type: 'refused'
  code: string
  id: string | null
  retry_after: number | null
}

export type Frame =
  | Welcome
  | Refused
  | ({ type: 'message' } & Line)
  | { type: 'ack'; id: string; at: string }
  | { type: 'typing'; author: string | null }
  | { type: 'read'; upto: string }
  | { type: 'pulse' }

/** Signed by the shop's own server: HMAC-SHA256 over `id|email|exp`, or a JWT (HS256) as a string. */
export type Identity = { id: string; email?: string; name?: string; exp: number; signature: string } | string

export const SUBPROTOCOL = 'hub.chat.v1'

/** Which of two cursors ("XID.POSITION") is further. */
export function further(a: string, b: string): string {
  const [ax = 0, ay = 0] = a.split('.').map(Number)
  const [bx = 0, by = 0] = b.split('.').map(Number)
  return bx > ax || (bx === ax && by > ay) ? b : a
}

export const isAfter = (a: string, b: string): boolean => a !== b && further(a, b) === a
