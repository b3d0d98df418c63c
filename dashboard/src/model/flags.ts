// Which events stand as flags on the ribbon (the moments in which traffic moved), and where: a share of its width, and a
// row, so that near ones do not cover each other.
import type { DaemonEvent } from './contract';
import { poolOfEntry } from './words';

const FLAGGED = new Set(['switch.decided', 'rollback.decided']);
const NEAR = 0.02;

export interface Flag {
  event: DaemonEvent;
  share: number;
  row: 0 | 1;
  pools: string[];
}

export function flagsOf(events: DaemonEvent[], service: string, from: number, to: number): Flag[] {
  const flags: Flag[] = [];
  for (const event of events) {
    if (event.service !== service || !FLAGGED.has(event.event)) continue;
    const share = (Date.parse(event.at) / 1000 - from) / Math.max(1, to - from);
    if (share < 0) continue;
    const last = flags.at(-1);
    const row = last && share - last.share < NEAR && last.row === 0 ? 1 : 0;
    flags.push({ event, share: Math.min(1, share), row, pools: (event.to ?? []).map(poolOfEntry) });
  }
  return flags;
}
