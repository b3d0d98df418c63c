// All servers of a service as a dense table, sorted by any column.
import { signal } from '@preact/signals';
import { heartbeat, now, series } from '../live/store';
import type { Pool, Server, Service } from '../model/contract';
import { duration, grouped, milliseconds, percent, rate, secondsBetween } from '../model/format';
import type { PoolLook } from '../model/pool_looks';
import { highestOfLast, summary } from '../model/series';
import { reason, serverState, type StateWord } from '../model/words';
import { State } from './icons';
import { PoolName } from './pool_column';

interface Row {
  pool: Pool;
  server: Server;
  state: StateWord;
  perSecond: number;
  errorShare: number | null;
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

type Key = number | string | null;
interface Column {
  name: string;
  isNumber?: boolean;
  key(row: Row): Key;
}

const SEVERITY = ['DOWN', 'DRAIN', 'DRAINED', 'MAINT', 'UNKNOWN', 'OFF', 'UP'];
const COLUMNS: Column[] = [
  { name: 'Pool', key: ({ pool }) => pool.name },
  { name: 'Server', key: ({ server }) => server.name },
  { name: 'State', key: ({ state }) => SEVERITY.indexOf(state.word) },
  { name: 'Weight', isNumber: true, key: ({ server }) => server.weight },
  { name: 'In flight', isNumber: true, key: ({ server }) => server.in_flight },
  { name: 'req/s', isNumber: true, key: ({ perSecond }) => perSecond },
  { name: '5xx %', isNumber: true, key: ({ errorShare }) => errorShare },
  { name: 'p50 ms', isNumber: true, key: ({ p50 }) => p50 },
  { name: 'p95 ms', isNumber: true, key: ({ p95 }) => p95 },
  { name: 'p99 ms', isNumber: true, key: ({ p99 }) => p99 },
  { name: 'Check ms', isNumber: true, key: ({ server }) => server.check?.latency_ms ?? null },
  { name: 'Since', isNumber: true, key: ({ server }) => (server.check ? -Date.parse(server.check.since) : null) },
  { name: 'Last check', key: ({ server }) => (server.check ? reason(server.check) : '') },
];

const order = signal<{ column: number; isUp: boolean }>({ column: 0, isUp: true });

function rowsOf(service: Service): Row[] {
  void heartbeat.value;
  return service.pools.flatMap((pool) =>
    pool.servers.map((server) => {
      const columns = series.services[service.name]?.pools[pool.name]?.servers[server.name];
      const { perSecond, errorShare } = summary(columns ? [columns] : []);
      const highest = (pick: 'p50' | 'p95' | 'p99') => (columns ? highestOfLast(columns[pick], 10) : null);
      return { pool, server, state: serverState(server, pool.active), perSecond, errorShare, p50: highest('p50'), p95: highest('p95'), p99: highest('p99') };
    }),
  );
}

// What is not known stands last, whichever way it is sorted.
export function compare(a: Key, b: Key): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? Infinity : -Infinity;
  return typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b), 'en', { numeric: true });
}

export function ServerTable({ service, looks }: { service: Service; looks: Record<string, PoolLook> }) {
  const { column, isUp } = order.value;
  const key = COLUMNS[column]!.key;
  const rows = rowsOf(service).sort((a, b) => {
    const difference = compare(key(a), key(b));
    return Number.isFinite(difference) && !isUp ? -difference : difference;
  });
  return (
    <main id="main" tabIndex={-1}>
      <div class="panel scrolled" tabIndex={0} role="region" aria-label="Servers">
        <table class="dense">
          <thead><tr>{COLUMNS.map((each, at) => <Heading key={each.name} column={each} at={at} />)}</tr></thead>
          <tbody>{rows.map((row) => <ServerRow key={`${row.pool.name}/${row.server.name}`} row={row} look={looks[row.pool.name]!} />)}</tbody>
        </table>
      </div>
    </main>
  );
}

function Heading({ column, at }: { column: Column; at: number }) {
  const isSorted = order.value.column === at;
  const turn = () => (order.value = { column: at, isUp: isSorted ? !order.value.isUp : true });
  return (
    <th scope="col" class={column.isNumber ? 'number' : ''} aria-sort={isSorted ? (order.value.isUp ? 'ascending' : 'descending') : 'none'}>
      <button class="plain" onClick={turn}>
        {column.name}
        {isSorted && <span class="arrow" aria-hidden="true">{order.value.isUp ? '▲' : '▼'}</span>}
      </button>
    </th>
  );
}

function ServerRow({ row, look }: { row: Row; look: PoolLook }) {
  const { pool, server, state } = row;
  const { check } = server;
  return (
    <tr class={`is-${state.shape}`}>
      <td><PoolName look={look} name={pool.name} /></td>
      <th scope="row" title={server.address}>{server.name}</th>
      <td><State {...state} /></td>
      <td class="number">{server.weight}</td>
      <td class="number">{grouped(server.in_flight)}</td>
      <td class="number">{rate(row.perSecond)}</td>
      <td class={`number${(row.errorShare ?? 0) >= 0.01 ? ' alarm' : ''}`}>{percent(row.errorShare)}</td>
      <td class="number">{milliseconds(row.p50)}</td>
      <td class="number">{milliseconds(row.p95)}</td>
      <td class="number">{milliseconds(row.p99)}</td>
      <td class="number">{milliseconds(check?.latency_ms ?? null)}</td>
      <td class="number">{check ? duration(secondsBetween(check.since, now.value)) : '–'}</td>
      <td class="wraps">{check ? `${reason(check, 120)}, ${duration(secondsBetween(check.at, now.value))} ago` : 'not checked'}</td>
    </tr>
  );
}
