// "If I switched now": each gate with its answer.
import { signal } from '@preact/signals';
import { now } from '../live/store';
import type { Service } from '../model/contract';
import { candidates, readiness, type Answer } from '../model/readiness';
import type { Shape } from '../model/words';
import { StateIcon } from './icons';

const SHAPES: Record<Answer, Shape> = { yes: 'up', no: 'down', mind: 'warn' };
const SAID: Record<Answer, string> = { yes: 'yes', no: 'no', mind: 'mind' };
const chosen = signal<string | null>(null);

export function ReadinessPanel({ service }: { service: Service }) {
  const possible = candidates(service);
  const pool = possible.find(({ name }) => name === chosen.value) ?? possible[0];
  if (!pool) return null;
  const gates = readiness(service, pool, now.value);
  const refused = gates.some(({ answer }) => answer === 'no');
  return (
    <section class="readiness panel" aria-labelledby="readiness">
      <div class="caption">
        <h2 id="readiness">If I switched now</h2>
        {possible.length > 1 ? (
          <select aria-label="Pool to switch to" value={pool.name} onChange={(event) => (chosen.value = event.currentTarget.value)}>
            {possible.map(({ name }) => <option key={name} value={name}>to {name}</option>)}
          </select>
        ) : (
          <span>to <b>{pool.name}</b></span>
        )}
        <span class="gap" />
        <b class={refused ? 'alarm' : ''}>{refused ? 'would be refused' : 'would pass'}</b>
      </div>
      <ul>
        {gates.map(({ name, answer, text }) => (
          <li key={name} class={`is-${answer}`}>
            <StateIcon shape={SHAPES[answer]} />
            <b>{name}<span class="unseen">: {SAID[answer]}, </span></b>
            <span title={text}>{text}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
