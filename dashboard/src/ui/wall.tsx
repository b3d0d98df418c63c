// For a screen on the wall, read from afar: a card a service, no controls.
import { services } from '../live/store';
import type { Service } from '../model/contract';
import { milliseconds, percent, rate } from '../model/format';
import { serviceState } from '../model/words';
import { Figure, serviceFigures } from './header';
import { State } from './icons';
import { byWorst, lastMinute, Serves } from './overview';
import { Sparkline } from './sparkline';

export function Wall() {
  const all = byWorst(services.value);
  return (
    <main id="main" class={`wall of-${Math.min(4, Math.ceil(Math.sqrt(all.length)))}`}>
      <h1 class="unseen">All services</h1>
      {all.map((service) => <Card key={service.name} service={service} />)}
    </main>
  );
}

function Card({ service }: { service: Service }) {
  const { perSecond, errorShare, p99 } = serviceFigures(service);
  const values = lastMinute(service.name);
  const failing = service.pools.filter(({ active }) => active).flatMap(({ servers }) => servers).filter(({ health, admin }) => health !== 'up' && admin === 'ready');
  return (
    <section class={`card is-${service.state}`} aria-label={service.name}>
      <div class="line">
        <h2>{service.name}</h2>
        <State {...serviceState(service)} loud />
      </div>
      <dl class="figures">
        <Figure label="req/s" value={rate(perSecond)} />
        <Figure label="5xx %" value={percent(errorShare)} alarming={(errorShare ?? 0) >= 0.01} />
        <Figure label="p99 ms" value={milliseconds(p99)} />
      </dl>
      <Sparkline values={values} top={Math.max(1, ...values)} />
      <p class="line"><Serves service={service} /></p>
      <p class={failing.length > 0 ? 'alarm' : 'quiet'}>
        {failing.length > 0 ? `not up: ${failing.map(({ name }) => name).join(', ')}` : service.operation ? `${service.operation.kind}, ${service.operation.phase}` : 'all servers up'}
      </p>
    </section>
  );
}
