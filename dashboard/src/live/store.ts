// All that the page knows, as signals: filled by the stream of events, read by the views.
import { batch, computed, signal } from '@preact/signals';
import { follow, type Marks } from '../model/check_marks';
import type { DaemonEvent, Service, Snapshot, Status, Tick, Whoami } from '../model/contract';
import { withNulls } from '../model/absent';
import { mergePatch } from '../model/merge_patch';
import { SeriesStore } from '../model/series';
import type { Message } from '../model/sse_parser';
import { Refused, whoami } from './api';
import { forget } from './session';
import { LiveStream } from './stream';

const EVENTS_KEPT = 200;
const STALE_MS = 3000;

export const status = signal<Status | null>(null);
export const events = signal<DaemonEvent[]>([]);
export const who = signal<Whoami | null>(null);
export const series = new SeriesStore();
// Moves with each tick: whoever draws `series` reads it first.
export const heartbeat = signal(0);
export const wantsToken = signal<string | null>(null);

const local = signal(Date.now()); // this machine's clock, twice a second
const heardAt = signal(0); // of the newest tick, by this machine's clock
const daemonAt = signal(0); // the same tick, by the daemon's clock
export const retryAt = signal<number | null>(null);

// The daemon's time in seconds: ages are told by its clock, not by the reader's.
export const now = computed(() => daemonAt.value + (local.value - heardAt.value) / 1000);
export const isStale = computed(() => heardAt.value > 0 && local.value - heardAt.value > STALE_MS);
export const staleForS = computed(() => Math.floor((local.value - heardAt.value) / 1000));
export const heardFrom = computed(() => new Date(heardAt.value));
export const retryInS = computed(() => (retryAt.value === null ? null : Math.max(0, Math.ceil((retryAt.value - local.value) / 1000))));
export const services = computed<Service[]>(() => Object.values(status.value?.services ?? {}));

const marks = new Map<string, Marks>();
export const markKey = (service: string, pool: string, server: string) => `${service}/${pool}/${server}`;
export const marksOf = (key: string): boolean[] => marks.get(key)?.results ?? [];

function take(next: Status) {
  status.value = next;
  for (const service of Object.values(next.services)) {
    for (const pool of service.pools) {
      for (const server of pool.servers) {
        const key = markKey(service.name, pool.name, server.name);
        const followed = follow(marks.get(key), server.check);
        if (followed) marks.set(key, followed);
        else marks.delete(key);
      }
    }
  }
}

function hear(at: number) {
  heardAt.value = local.value = Date.now();
  daemonAt.value = at;
  retryAt.value = null;
  heartbeat.value = at;
}

function onSnapshot({ status: next, figures, events: told, resumed }: Snapshot) {
  series.load(figures);
  events.value = resumed ? [...events.value, ...told].slice(-EVENTS_KEPT) : told;
  take(next);
  hear(figures.ends_at);
}

function onTick({ at, status: patch, figures }: Tick) {
  series.tick(at, figures?.services ?? {});
  if (patch !== undefined && status.value) take(withNulls(mergePatch(status.value, patch) as Status));
  hear(at);
}

function onMessage({ event, data }: Message) {
  const told: unknown = JSON.parse(data);
  batch(() => {
    if (event === 'snapshot') onSnapshot(told as Snapshot);
    if (event === 'tick') onTick(told as Tick);
    if (event === 'event') events.value = [...events.value, told as DaemonEvent].slice(-EVENTS_KEPT);
  });
}

let again: number | undefined;

function onUnauthorised(code: number, retryAfterS: number) {
  who.value = null;
  if (code === 429) {
    // The token of this tab may be right: others behind the same address guessed.
    const wait = retryAfterS || 60;
    wantsToken.value = `Too many wrong tokens came from this address. Tried again in ${wait} s.`;
    clearTimeout(again);
    again = window.setTimeout(() => void begin(), wait * 1000);
  } else {
    forget();
    wantsToken.value = 'This page is read with a token.';
  }
}

const stream = new LiveStream('/v1/events', {
  onMessage,
  onUnauthorised,
  onLost: (wait) => (retryAt.value = Date.now() + wait),
});

// Asks who reads, then listens. Again after the token has changed.
export async function begin() {
  stream.close();
  clearTimeout(again);
  try {
    who.value = await whoami();
    if (who.value.role === 'none') return onUnauthorised(401, 0);
  } catch (error) {
    if (error instanceof Refused && [401, 403, 429].includes(error.status)) return onUnauthorised(error.status, error.retryAfterS);
    // The daemon cannot be reached: the stream tries until it can.
  }
  wantsToken.value = null;
  stream.open();
}

export function startClock() {
  setInterval(() => {
    local.value = Date.now();
    // Whoever opened the page while the daemon was away is not known yet.
    if (who.value === null && wantsToken.value === null && heardAt.value > 0 && !isStale.value) void askWho();
  }, 500);
}

let asking = false;
async function askWho() {
  if (asking) return;
  asking = true;
  who.value = await whoami().catch(() => null);
  asking = false;
}
