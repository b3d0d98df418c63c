// One row for each operation of the history: its lines `decided` and `finished` (or `refused`) put together.
import type { Columns, HistoryEntry, OwnColumns } from './contract';

export interface PastRow {
  key: string;
  at: string;
  what: string;
  from: string[];
  to: string[];
  by: string;
  reason: string;
  label: string;
  revision: number | null;
  outcome: string;
  isRefused: boolean;
}

const LIFE: Record<string, string> = {
  decided: 'config', locked: 'lock taken', unlocked: 'lock released', reloaded: 'reload', reload_refused: 'reload',
  upgraded: 'upgrade', upgrade_refused: 'upgrade', upgrade_taken_back: 'upgrade',
};

function outcome(entry: HistoryEntry): string {
  if (entry.error) return entry.error.message;
  const drain = entry.drain;
  if (entry.verdict && entry.verdict !== 'done') return entry.verdict.replace('_', ' ');
  if (!entry.kind && entry.event === 'decided') return 'done';
  if (!drain) return entry.event === 'finished' ? 'done' : entry.event === 'decided' ? 'running' : entry.event.replaceAll('_', ' ');
  const cut = drain.cut.http + drain.cut.stream;
  return `${drain.finished} finished, ${cut} cut in ${(drain.took_ms / 1000).toFixed(1)} s`;
}

// Newest first.
export function pastRows(entries: HistoryEntry[]): PastRow[] {
  const rows = new Map<string, PastRow>();
  entries.forEach((entry, place) => {
    const isOperation = entry.event === 'decided' || entry.event === 'finished' || entry.event === 'refused' || entry.event === 'interrupted';
    const key = isOperation && entry.operation ? entry.operation : `line ${place}`;
    const known = rows.get(key);
    rows.set(key, {
      key,
      at: known?.at ?? entry.at,
      what: entry.server ? `${entry.kind} ${entry.pool}/${entry.server}` : (entry.kind ?? LIFE[entry.event] ?? entry.event),
      from: entry.from ?? known?.from ?? [],
      to: entry.to ?? known?.to ?? [],
      by: entry.by ?? known?.by ?? '',
      reason: entry.reason ?? known?.reason ?? '',
      label: entry.label ?? known?.label ?? '',
      revision: entry.revision ?? known?.revision ?? null,
      outcome: outcome(entry),
      isRefused: entry.event === 'refused' || entry.event.endsWith('_refused'),
    });
  });
  return [...rows.values()].reverse();
}

// Share of errors in the five minutes before and after `at`, by figures of one minute a step; null where they do not reach.
export function errorsAround(
  columns: (OwnColumns | Columns)[], endsAt: number, at: number,
): { before: number | null; after: number | null } {
  const length = columns[0]?.requests.length ?? 0;
  const place = length - Math.ceil((endsAt - at) / 60);
  const share = (from: number, to: number) => {
    if (from < 0 || to > length || from >= to) return null;
    const sum = (pick: 'requests' | 'errors') =>
      columns.reduce((total, column) => total + column[pick].slice(from, to).reduce((a, b) => a + b, 0), 0);
    const asked = sum('requests');
    return asked > 0 ? sum('errors') / asked : null;
  };
  return { before: share(place - 5, place), after: share(place + 1, Math.min(length, place + 6)) };
}
