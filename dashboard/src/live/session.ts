// The token, kept for this tab only, and the requests that carry it. There are no cookies, so no other site can act.
const KEY = 'tealgate-token';

export function token(): string | null {
  return sessionStorage.getItem(KEY);
}

export function remember(value: string) {
  sessionStorage.setItem(KEY, value);
}

export function forget() {
  sessionStorage.removeItem(KEY);
}

export function headers(more: Record<string, string> = {}, bearer = token()): Record<string, string> {
  return bearer === null ? more : { ...more, Authorization: `Bearer ${bearer}` };
}
