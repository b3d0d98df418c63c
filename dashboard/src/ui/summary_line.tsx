// One line in the words of `tealgate status`: what serves since when, whether there is a way back, who holds the lock.
import { now } from '../live/store';
import type { Service } from '../model/contract';
import { duration, moment, secondsBetween } from '../model/format';
import { poolOfEntry, splitWords } from '../model/words';

export function SummaryLine({ service }: { service: Service }) {
  return (
    <p class="summary">
      <span>
        serves <b>{splitWords(service.split)}</b> since {moment(new Date(service.since), new Date(now.value * 1000))}
        {service.by && <> ({service.by}{service.reason && `: ${service.reason}`})</>}
      </span>
      <WayBack service={service} />
      <LockWords service={service} />
      {service.operation && <span class="is-running">now: {service.operation.kind} by {service.operation.by}, {service.operation.phase}</span>}
      <span>revision <b>{service.revision}</b></span>
    </p>
  );
}

// `isInColumn`: the heading says already what it is about.
export function WayBack({ service, isInColumn }: { service: Service; isInColumn?: boolean }) {
  const { to, possible, why } = service.rollback;
  const back = isInColumn ? '' : 'back: ';
  if (!to) return <span>{back}{why}</span>;
  const labels = service.pools.filter((pool) => to.map(poolOfEntry).includes(pool.name)).map(({ label }) => label).filter(Boolean);
  return (
    <span class={possible ? '' : 'alarm'}>
      {back}<b>{splitWords(to)}</b>, {possible ? 'possible' : 'not possible'}, {why}{labels.length > 0 && `, ${labels.join(', ')}`}
    </span>
  );
}

function LockWords({ service }: { service: Service }) {
  if (!service.lock) return <span>unlocked</span>;
  const { holder, reason, since, expires_at } = service.lock;
  return (
    <span class="is-locked">
      locked by <b>{holder}</b>{reason && `: ${reason}`}, for {duration(secondsBetween(since, now.value))}
      {expires_at && `, until ${moment(new Date(expires_at), new Date(now.value * 1000))}`}
    </span>
  );
}
