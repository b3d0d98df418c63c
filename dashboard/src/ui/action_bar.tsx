// What can be done now: buttons where the reader may act, else the commands to copy.
import { status, who } from '../live/store';
import type { Pool, Service } from '../model/contract';
import { rollbackCommand, serverCommand, switchCommand } from '../model/commands';
import { mayRelease, mayTakeOut } from '../model/permissions';
import { asked } from './asked';
import { CopyCommand } from './copy_command';

// The pools that could be the only one to serve.
function targets(service: Service): Pool[] {
  return service.pools.filter((pool) => !(pool.active && service.active.length === 1));
}

export function ActionBar({ service }: { service: Service }) {
  const release = mayRelease(who.value, service.name);
  const takeOut = mayTakeOut(who.value, service.name);
  return (
    <section class="actions" aria-label="Actions">
      {release ? <Buttons service={service} takeOut={takeOut} /> : <Commands service={service} />}
    </section>
  );
}

function Buttons({ service, takeOut }: { service: Service; takeOut: boolean }) {
  const { name } = service;
  const first = service.pools.flatMap((pool) => pool.servers.map((server) => ({ pool, server }))).find(({ pool }) => pool.active);
  return (
    <>
      {targets(service).map((pool) => (
        <button key={pool.name} class="primary" onClick={() => (asked.value = { kind: 'switch', service: name, to: [pool.name] })}>
          Switch to {pool.name}
        </button>
      ))}
      {service.rollback.to && (
        <button onClick={() => (asked.value = { kind: 'rollback', service: name })}>Roll back</button>
      )}
      <button onClick={() => (asked.value = { kind: 'split', service: name })}>Split…</button>
      {takeOut && first && (
        <button onClick={() => (asked.value = { kind: 'server', service: name, pool: first.pool.name, server: first.server.name, state: 'drain' })}>
          Drain server…
        </button>
      )}
    </>
  );
}

function Commands({ service }: { service: Service }) {
  const order = { service: service.name };
  const server = service.pools.find((pool) => pool.active)?.servers[0];
  const pool = service.pools.find((each) => each.active);
  return (
    <>
      <span class="quiet">{who.value?.name ? 'This token reads only.' : 'Read-only.'} To act, copy:</span>
      {targets(service).slice(0, 2).map(({ name }) => <CopyCommand key={name} command={switchCommand(order, [name])} />)}
      {service.rollback.to && <CopyCommand command={rollbackCommand(order)} />}
      {pool && server && status.value && <CopyCommand command={serverCommand(order, pool.name, server.name, 'drain')} />}
    </>
  );
}
