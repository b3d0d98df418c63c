// Reading and acting over the control API.
import { headers } from './session';
import type { ActionResult, AdminWord, FiguresAnswer, HistoryEntry, Whoami } from '../model/contract';

export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly retryAfterS: number,
  ) {
    super(message);
  }
}

async function get<Answer>(path: string, bearer?: string): Promise<Answer> {
  const response = await fetch(path, { headers: bearer === undefined ? headers() : headers({}, bearer), cache: 'no-store' });
  const answer = (await response.json()) as Answer & ActionResult;
  if (!response.ok) {
    throw new Refused(response.status, answer.error?.message ?? `answered with ${response.status}`, Number(response.headers.get('Retry-After') ?? 0));
  }
  return answer;
}

export const whoami = (bearer?: string) => get<Whoami>('/v1/whoami', bearer);

export const longFigures = (service: string) => get<FiguresAnswer>(`/v1/figures?service=${encodeURIComponent(service)}&window=24h`);

export async function history(service: string): Promise<HistoryEntry[]> {
  return (await get<{ entries: HistoryEntry[] }>(`/v1/history?service=${encodeURIComponent(service)}&limit=400`)).entries;
}

export interface Action {
  path: string;
  body: Record<string, unknown>;
}

const inService = (service: string) => `/v1/services/${encodeURIComponent(service)}`;

export function switchAction(service: string, body: { to: string[]; reason: string; label: string; if_revision: number }): Action {
  return { path: `${inService(service)}/switch`, body: withoutEmpty(body) };
}

export function rollbackAction(service: string, body: { reason: string }): Action {
  return { path: `${inService(service)}/rollback`, body: withoutEmpty(body) };
}

export function serverAction(service: string, pool: string, server: string, body: { state: AdminWord; reason: string }): Action {
  const path = `${inService(service)}/pools/${encodeURIComponent(pool)}/servers/${encodeURIComponent(server)}/state`;
  return { path, body: withoutEmpty(body) };
}

function withoutEmpty(body: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== ''));
}

const LOST: ActionResult = {
  ok: false,
  error: {
    code: 'lost', exit: 14,
    message: 'The connection was lost after this was sent. Past its decision an operation runs to its end: the history tells what became of it.',
  },
};

// Progress goes to `onProgress` as it comes; the last line, or the single answer, is the result.
export async function act(action: Action, onProgress: (message: string) => void): Promise<ActionResult> {
  try {
    const response = await fetch(action.path, {
      method: 'POST', headers: headers({ 'Content-Type': 'application/json' }), body: JSON.stringify(action.body),
    });
    if (!response.body || !response.headers.get('Content-Type')?.includes('ndjson')) return (await response.json()) as ActionResult;
    return await lines(response.body, onProgress);
  } catch {
    return LOST;
  }
}

async function lines(body: ReadableStream<Uint8Array>, onProgress: (message: string) => void): Promise<ActionResult> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  let result: ActionResult | null = null;
  for (;;) {
    const { done, value } = await reader.read();
    rest += decoder.decode(value, { stream: !done });
    const complete = rest.split('\n');
    rest = done ? '' : (complete.pop() ?? '');
    for (const line of complete.filter((each) => each.trim() !== '')) {
      const told = JSON.parse(line) as ActionResult & { progress?: string; message?: string };
      if (typeof told.ok === 'boolean') result = told;
      else if (told.progress !== 'heartbeat' && told.message) onProgress(told.message);
    }
    if (done) return result ?? LOST;
  }
}
