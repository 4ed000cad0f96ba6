// What the demo pages ask of the server.

export interface Customer {
  id: string
  name: string
  email: string
}

export interface DemoState {
  key: string
  mailbox: string
  domain: string
  customers: Customer[]
}

export interface Mail {
  id: string
  sender: string
  subject: string
  text: string
  answers: boolean
  files: { number: number; filename: string; size: number }[]
  received_at: string
}

export async function ask<T>(path: string, body?: object): Promise<T> {
  const sent = body && {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() },
    body: JSON.stringify(body),
  }
  const answer = await fetch(path, sent)
  const told = await answer.json()
  if (!answer.ok) throw new Error(told.detail ?? answer.statusText)
  return told as T
}

export function part<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id)
  if (!found) throw new Error(`no ${id} on this page`)
  return found as T
}
