// Which server, and what it shall be.
import type { AdminWord, Service } from '../model/contract';
import { serverState } from '../model/words';
import { asked, type Asked } from './asked';

const STATES: [AdminWord, string][] = [['drain', 'drain: no new requests'], ['maint', 'maint: neither requests nor checks'], ['ready', 'ready: in use']];

export function ServerChoice({ service, wanted }: { service: Service; wanted: Asked & { kind: 'server' } }) {
  const choose = (value: string) => {
    const [pool, server] = JSON.parse(value) as [string, string];
    asked.value = { ...wanted, pool, server };
  };
  return (
    <div class="fields">
      <label>
        Server
        <select value={JSON.stringify([wanted.pool, wanted.server])} onChange={(event) => choose(event.currentTarget.value)}>
          {service.pools.map((pool) => (
            <optgroup key={pool.name} label={pool.name}>
              {pool.servers.map((server) => (
                <option key={server.name} value={JSON.stringify([pool.name, server.name])}>
                  {server.name}, {serverState(server, pool.active).word}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </label>
      <label>
        State
        <select value={wanted.state} onChange={(event) => (asked.value = { ...wanted, state: event.currentTarget.value as AdminWord })}>
          {STATES.map(([state, says]) => <option key={state} value={state}>{says}</option>)}
        </select>
      </label>
    </div>
  );
}
