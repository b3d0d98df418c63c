// A page that is stale says so, and since when; and the one voice of the page for screen readers.
import { effect, signal } from '@preact/signals';
import { events, heardFrom, isStale, retryInS, services, staleForS, status } from '../live/store';
import { clock, duration, zone } from '../model/format';
import { told } from '../model/told';
import { serviceState } from '../model/words';

export function StaleBanner() {
  if (!isStale.value) return null;
  const retry = retryInS.value;
  return (
    <p class="stale" aria-hidden="true">
      <b>Stale.</b> Nothing was heard from the daemon for {duration(staleForS.value)}. What you see is of {clock(heardFrom.value)} {zone(new Date().getTimezoneOffset())}.{' '}
      {retry === null ? 'Trying to connect…' : `Trying again in ${retry} s.`}
    </p>
  );
}

// Says what changed and matters, at most every few seconds; figures never.
const QUIET_MS = 4000;
const said = signal('');
let waiting: string[] = [];
let timer: number | undefined;

function say(sentence: string) {
  waiting.push(sentence);
  timer ??= window.setTimeout(() => {
    said.value = waiting.slice(-3).join(' ');
    waiting = [];
    timer = undefined;
  }, said.value === '' ? 0 : QUIET_MS);
}

let wasStale = false;
let states = new Map<string, string>();
let newest: string | undefined;

effect(() => {
  if (isStale.value !== wasStale) say(isStale.value ? 'The page is stale: the daemon is not heard.' : 'The daemon is heard again.');
  wasStale = isStale.value;
});

effect(() => {
  const next = new Map(services.value.map((service) => [service.name, serviceState(service).word]));
  for (const [name, word] of next) if (states.has(name) && states.get(name) !== word) say(`${name} is ${word}.`);
  states = next;
});

effect(() => {
  const last = events.value.at(-1);
  if (newest !== undefined && last && last.id !== newest && (last.level !== 'info' || told(last).isRelease)) say(`${last.message ?? last.event}.`);
  if (status.value) newest = last?.id ?? '';
});

export function Announcer() {
  return <p class="unseen" role="status">{said.value}</p>;
}
