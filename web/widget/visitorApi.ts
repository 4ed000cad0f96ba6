// The visitors' HTTP requests: a token for this browser, uploads and downloads of files.
import type { Identity } from "./protocol";

export interface Answer {
  token?: string;
  code?: string;
}

export class VisitorApi {
  readonly #base: string;
  readonly #token: () => string | null;

  constructor(base: string, token: () => string | null) {
    this.#base = base;
    this.#token = token;
  }

  /** Ask for a token: anonymous, or for the customer whom the shop's signature names. */
  async admit(locale: string, identity: Identity | null): Promise<Answer> {
    const proof = typeof identity === "string" ? { jwt: identity } : identity ? { identity } : {};
    const answer = await fetch(`${this.#base}/visitors`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ locale, page: location.href.split(/[?#]/)[0], ...proof }),
      credentials: "omit",
    });
    return (await answer.json()) as Answer;
  }

  /** Upload a file and report the progress from 0 to 1; returns its id, or throws the hub's error code. */
  upload(file: File, progress: (part: number) => void): Promise<string> {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", `${this.#base}/files`);
      request.responseType = "json";
      request.setRequestHeader("Authorization", `Bearer ${this.#token() ?? ""}`);
      request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
      request.onload = () => {
        const body = (request.response ?? {}) as { id?: string; code?: string };
        return body.id ? resolve(body.id) : reject(new Error(body.code ?? "unavailable"));
      };
      request.onerror = () => reject(new Error("unavailable"));
      const form = new FormData();
      form.append("file", file);
      request.send(form);
    });
  }

  async download(id: string): Promise<Blob> {
    const answer = await fetch(`${this.#base}/files/${id}`, {
      headers: { Authorization: `Bearer ${this.#token() ?? ""}` },
      credentials: "omit",
    });
    if (!answer.ok) throw new Error("unavailable");
    return answer.blob();
  }
}
