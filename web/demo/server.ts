// The requests of the demo pages to the server.

export async function ask<T>(path: string, body?: object): Promise<T> {
  const sent = body && {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() },
    body: JSON.stringify(body),
  };
  const answer = await fetch(path, sent);
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.detail ?? answer.statusText);
  return told as T;
}

export function part<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no ${id} on this page`);
  return found as T;
}
