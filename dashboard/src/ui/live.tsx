// A service on one screen: what flows, who serves it, how fast, what happened, what can be done.
import type { Service } from '../model/contract';
import type { PoolLook } from '../model/pool_looks';
import { ActionBar } from './action_bar';
import { EventList } from './event_list';
import { Latency } from './latency';
import { PoolColumn } from './pool_column';
import { ReadinessPanel } from './readiness_panel';
import { Ribbon } from './ribbon';
import { SummaryLine } from './summary_line';

const ROOMY_UPTO = 4;

// Few servers leave room for larger charts.
function isRoomy(service: Service): boolean {
  return service.pools.every(({ servers }) => servers.length <= ROOMY_UPTO);
}

export function Live({ service, looks }: { service: Service; looks: Record<string, PoolLook> }) {
  return (
    <>
      <main id="main" class={`live${isRoomy(service) ? ' is-roomy' : ''}`} tabIndex={-1}>
        <SummaryLine service={service} />
        <Ribbon key={service.name} service={service} looks={looks} />
        <div class="pools">
          {service.pools.map((pool) => looks[pool.name] && <PoolColumn key={pool.name} service={service} pool={pool} look={looks[pool.name]!} />)}
        </div>
        <div class="below">
          <Latency service={service} looks={looks} />
          <ReadinessPanel service={service} />
          <EventList service={service.name} />
        </div>
      </main>
      <ActionBar service={service} />
    </>
  );
}
