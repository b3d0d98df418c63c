// All services, one row each, the worst first, as that is what a reader of many services looks for; and below them what flowed
// through each, beside what happened.
import { heartbeat, series, services } from '../live/store';
import { addressOf } from '../live/place';
import type { Service } from '../model/contract';
import { milliseconds, percent, rate } from '../model/format';
import { poolLooks } from '../model/pool_looks';
import { summed } from '../model/stack';
import { serviceState } from '../model/words';
import { EventList } from './event_list';
import { serviceFigures } from './header';
import { State } from './icons';
import { PoolName } from './pool_column';
import { SmallRibbon } from './ribbon';
import { Sparkline } from './sparkline';
import { WayBack } from './summary_line';

const WORST_FIRST = ['down', 'degraded', 'ok'];

const MOST_IN_A_COLUMN = 2; // charts

export function byWorst(all: Service[]): Service[] {
  return [...all].sort((a, b) => WORST_FIRST.indexOf(a.state) - WORST_FIRST.indexOf(b.state) || a.name.localeCompare(b.name));
}

// Requests of the last minute, of all pools and of Tealgate itself.
export function lastMinute(name: string): number[] {
  void heartbeat.value;
  const known = series.services[name];
  return known ? summed([...Object.values(known.pools), known.own], 'requests').slice(-60) : [];
}

export function Overview() {
  return (
    <main id="main" class="overview" tabIndex={-1}>
      <div class="panel scrolled" tabIndex={0} role="region" aria-label="Services">
        <table class="dense">
          <thead>
            <tr>
              <th scope="col">Service</th><th scope="col">State</th><th scope="col">Serves</th><th scope="col" class="number">req/s</th>
              <th scope="col"><span class="unseen">Last minute</span></th><th scope="col" class="number">5xx %</th><th scope="col" class="number">p99 ms</th>
              <th scope="col">Servers up</th><th scope="col">Way back</th><th scope="col">Now</th>
            </tr>
          </thead>
          <tbody>{byWorst(services.value).map((service) => <Row key={service.name} service={service} />)}</tbody>
        </table>
      </div>
      <div class="rest">
        <div class={`ribbons${services.value.length > MOST_IN_A_COLUMN ? ' is-wide' : ''}`}>{byWorst(services.value).map((service) => <SmallRibbon key={service.name} service={service} looks={looksOf(service)} />)}</div>
        <EventList service={null} />
      </div>
    </main>
  );
}

function Row({ service }: { service: Service }) {
  const { perSecond, errorShare, p99 } = serviceFigures(service);
  const values = lastMinute(service.name);
  return (
    <tr class={`is-${service.state}`}>
      <th scope="row"><a href={addressOf(service.name)}>{service.name}</a></th>
      <td><State {...serviceState(service)} /></td>
      <td><Serves service={service} /></td>
      <td class="number">{rate(perSecond)}</td>
      <td><Sparkline values={values} top={Math.max(1, ...values)} /></td>
      <td class={`number${(errorShare ?? 0) >= 0.01 ? ' alarm' : ''}`}>{percent(errorShare)}</td>
      <td class="number">{milliseconds(p99)}</td>
      <td class="quiet">{service.pools.map(({ name, up, of }) => `${name} ${up}/${of}`).join(', ')}</td>
      <td class="quiet"><WayBack service={service} isInColumn /></td>
      <td>{service.operation ? `${service.operation.kind}, ${service.operation.phase}` : service.lock ? `locked by ${service.lock.holder}` : 'idle'}</td>
    </tr>
  );
}

const looksOf = (service: Service) => poolLooks(service.pools.map(({ name }) => name));

export function Serves({ service }: { service: Service }) {
  const looks = looksOf(service);
  return (
    <span class="serves">
      {service.pools.filter(({ active }) => active).map((pool) => looks[pool.name] && (
        <span key={pool.name}>
          <PoolName look={looks[pool.name]!} name={pool.name} /> {pool.share} % <span class="quiet">{pool.label}</span>
        </span>
      ))}
    </span>
  );
}
