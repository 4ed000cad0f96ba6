/** HTTP with the hub: JSON in and out, cookie, CSRF and idempotency headers, problems as typed errors. */

import { uuid } from "../text/uuid";
import type { components } from "./schema";

/** The hub's error response; a proxy in front of it may send anything else. */
export type ProblemBody = Partial<components["schemas"]["Problem"]>;

/** The server refused a request; `status` 0 means that it could not be reached. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly body: ProblemBody,
    readonly retryAfter: number | null = null,
  ) {
    super(body.detail || body.title || (status ? `HTTP ${status}` : "offline"));
  }
  get field(): string | undefined {
    return this.body.field;
  }
  get code(): ProblemBody["code"] {
    return this.body.code;
  }
  get offline(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

export interface Send {
  body?: unknown;
  key?: string;
  signal?: AbortSignal;
}

let csrf = "";
let signedOut = (): void => undefined;

export const setCsrfToken = (token: string): void => {
  csrf = token;
};
export const onSignedOut = (act: () => void): void => {
  signedOut = act;
};

function headersFor(method: string, sending: Send): Headers {
  const headers = new Headers({ Accept: "application/json" });
  if (method !== "GET") headers.set("X-CSRF-Token", csrf);
  if (method === "POST") headers.set("Idempotency-Key", sending.key ?? uuid());
  if (sending.body !== undefined) headers.set("Content-Type", "application/json");
  return headers;
}

export async function problemOf(response: Response): Promise<Problem> {
  const body = (await response.json().catch(() => ({}))) as ProblemBody;
  const after = Number(response.headers.get("Retry-After"));
  return new Problem(response.status, body, Number.isFinite(after) && after > 0 ? after : null);
}

async function request<T>(method: string, path: string, sending: Send = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: headersFor(method, sending),
      credentials: "same-origin",
      body: sending.body === undefined ? undefined : JSON.stringify(sending.body),
      signal: sending.signal,
    });
  } catch (reason) {
    if (reason instanceof DOMException && reason.name === "AbortError") throw reason;
    throw new Problem(0, {});
  }
  if (response.ok) return (response.status === 204 || response.status === 202 ? undefined : await response.json()) as T;
  if (response.status === 401 && !path.startsWith("/api/session")) signedOut();
  throw await problemOf(response);
}

export const api = {
  get: <T>(path: string, signal?: AbortSignal) => request<T>("GET", path, { signal }),
  post: <T>(path: string, body?: unknown, key?: string) => request<T>("POST", path, { body: body ?? {}, key }),
  put: <T>(path: string, body?: unknown) => request<T>("PUT", path, { body: body ?? {} }),
  patch: <T>(path: string, body: unknown) => request<T>("PATCH", path, { body }),
  delete: <T>(path: string) => request<T>("DELETE", path),
};

/** Uploads one file and reports the progress (0–1); `fetch` cannot do that, so this is an XMLHttpRequest. */
export function upload<T>(
  path: string,
  file: File,
  progress: (part: number) => void,
): { done: Promise<T>; abort: () => void } {
  const call = new XMLHttpRequest();
  const done = new Promise<T>((resolve, reject) => {
    call.open("POST", path);
    call.setRequestHeader("X-CSRF-Token", csrf);
    call.setRequestHeader("Idempotency-Key", uuid());
    call.responseType = "json";
    call.upload.onprogress = (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total);
    };
    call.onload = () => {
      if (call.status < 300) resolve(call.response as T);
      else reject(new Problem(call.status, (call.response ?? {}) as ProblemBody));
    };
    call.onerror = () => reject(new Problem(0, {}));
    call.onabort = () => reject(new DOMException("aborted", "AbortError"));
    const form = new FormData();
    form.append("file", file, file.name);
    call.send(form);
  });
  return { done, abort: () => call.abort() };
}
