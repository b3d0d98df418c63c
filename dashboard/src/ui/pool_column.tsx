// One pool: its letter, hatch and share, what it does, and its servers.
import { heartbeat, series } from '../live/store';
import type { Drain, Pool, Service } from '../model/contract';
import { counted, duration, grouped, milliseconds, percent, rate } from '../model/format';
import type { PoolLook } from '../model/pool_looks';
import { highestOfLast, summary } from '../model/series';
import { isDraining, poolState } from '../model/words';
import { Figure } from './header';
import { State } from './icons';
import { Tile } from './tile';

const DENSE_FROM = 5;

export function Badge({ look, name }: { look: PoolLook; name?: string }) {
  return (
    <span class={`badge hue-${look.hue} hatch-${look.hatch}`} aria-hidden={name ? 'true' : undefined}>
      <b>{look.letter}</b>
    </span>
  );
}

export function PoolName({ look, name }: { look: PoolLook; name: string }) {
  return (
    <span class="pool-name">
      <Badge look={look} name={name} />
      {name}
    </span>
  );
}

export function PoolColumn({ service, pool, look }: { service: Service; pool: Pool; look: PoolLook }) {
  const drains = isDraining(pool, service.operation);
  const top = busiest(service);
  return (
    <section class={`pool hue-${look.hue}${pool.active ? ' is-active' : ''}`} aria-labelledby={`pool-${pool.name}`}>
      <div class="share" aria-hidden="true">
        <span class={`hatch-${look.hatch}`} style={{ width: `${pool.share}%` }} />
      </div>
      <div class="head">
        <Badge look={look} name={pool.name} />
        <div class="who">
          <div class="line">
            <h2 id={`pool-${pool.name}`}>{pool.name}</h2>
            <span class="version">{pool.label || <span class="quiet">no label</span>}</span>
          </div>
          <div class="line">
            <State {...poolState(pool, service.operation)} />
            {pool.active && <b>{pool.share} %</b>}
          </div>
        </div>
        <PoolFigures service={service} pool={pool} />
      </div>
      {drains && service.operation?.drain && <DrainBar drain={service.operation.drain} />}
      <ul class={`tiles${pool.servers.length >= DENSE_FROM ? ' is-dense' : ''}`}>
        {pool.servers.map((server) => (
          <Tile key={server.name} service={service} pool={pool} server={server} top={top} />
        ))}
      </ul>
    </section>
  );
}

function PoolFigures({ service, pool }: { service: Service; pool: Pool }) {
  void heartbeat.value;
  const columns = series.services[service.name]?.pools[pool.name];
  const up = <Figure label="up" value={`${pool.up}/${pool.of}`} alarming={pool.active && pool.up < pool.of} />;
  if (!columns || !pool.active) return <dl class="figures is-small">{up}</dl>;
  const { perSecond, errorShare } = summary([columns]);
  return (
    <dl class="figures is-small">
      <Figure label="req/s" value={rate(perSecond)} />
      <Figure label="p50 ms" value={milliseconds(highestOfLast(columns.p50, 10))} />
      <Figure label="p95 ms" value={milliseconds(highestOfLast(columns.p95, 10))} />
      <Figure label="p99 ms" value={milliseconds(highestOfLast(columns.p99, 10))} />
      <Figure label="5xx %" value={percent(errorShare)} alarming={(errorShare ?? 0) >= 0.01} />
      {up}
    </dl>
  );
}

function DrainBar({ drain }: { drain: Drain }) {
  const all = drain.finished + drain.left + drain.cut.http + drain.cut.stream;
  const done = all > 0 ? ((all - drain.left) * 100) / all : 100;
  const left = Math.max(0, (drain.deadline_ms - drain.took_ms) / 1000);
  const text = `draining ${grouped(all)} → ${grouped(drain.left)}`;
  return (
    <div class="drain">
      <span class="count">
        {text}
        {drain.left_streams > 0 && <span class="quiet"> ({counted(drain.left_streams, 'stream')})</span>}
      </span>
      <div class="bar" role="progressbar" aria-label={text} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(done)}>
        <span style={{ width: `${done}%` }} />
      </div>
      <span class="left">{left > 0 ? `${duration(left)} left` : 'time is up'}</span>
    </div>
  );
}

function busiest(service: Service): number {
  const pools = Object.values(series.services[service.name]?.pools ?? {});
  return Math.max(1, ...pools.flatMap(({ servers }) => Object.values(servers).map(({ requests }) => Math.max(...requests))));
}
