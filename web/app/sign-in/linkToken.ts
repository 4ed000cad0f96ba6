/** The token of a mailed link. It travels in the URL's fragment, so that no server log ever contains it. */
export function tokenFromFragment(): string {
  return new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
}
