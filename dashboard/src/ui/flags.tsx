// The flags of the ribbon: who switched, what and why, by pointer and by keyboard.
import type { PoolLook } from '../model/pool_looks';
import type { Flag } from '../model/flags';
import { clock } from '../model/format';
import { splitWords } from '../model/words';

export { flagsOf } from '../model/flags';

export function sentence({ event }: Flag): string {
  const what = event.from && event.to ? `${splitWords(event.from)} → ${splitWords(event.to)}` : (event.message ?? event.event);
  return `${what}${event.by ? ` by ${event.by}` : ''}${event.reason ? `: ${event.reason}` : ''}`;
}

export function Flags({ flags, looks, left }: { flags: Flag[]; looks: Record<string, PoolLook>; left: number }) {
  return (
    <ul class="flags" style={{ left: `${left}px`, right: '8px' }} aria-label="Switches">
      {flags.map((flag) => (
        <li key={flag.event.id} style={{ left: `${flag.share * 100}%` }} class={`row-${flag.row}${flag.share > 0.6 ? ' to-left' : ''}`}>
          <button class="flag">
            <span aria-hidden="true">{flag.pools.map((name) => looks[name]?.letter ?? '?').join('')}</span>
            <span class="unseen">{clock(new Date(flag.event.at))} {sentence(flag)}</span>
          </button>
          <span class="tip" aria-hidden="true">
            <b>{clock(new Date(flag.event.at))}</b> {sentence(flag)}
          </span>
        </li>
      ))}
    </ul>
  );
}
