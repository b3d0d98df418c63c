// One server: its state, why, and since when. Never averaged away.
import { heartbeat, markKey, marksOf, now, series } from '../live/store';
import type { Pool, Server, Service } from '../model/contract';
import { counted, duration, grouped, milliseconds, percent, rate, secondsBetween } from '../model/format';
import { highestOfLast, sumOfLast, summary } from '../model/series';
import { reason, serverState } from '../model/words';
import { State } from './icons';
import { Sparkline } from './sparkline';

export function Marks({ results }: { results: boolean[] }) {
  const failed = results.filter((ok) => !ok).length;
  const said = failed === 0 ? `last ${counted(results.length, 'check')} passed` : `${failed} of the last ${results.length} checks failed`;
  return (
    <span class="marks" role="img" aria-label={said} title={said}>
      {results.map((ok, at) => (
        <svg key={at} class={ok ? 'passed' : 'failed'} viewBox="0 0 8 8" width="8" height="8" aria-hidden="true">
          <path d={ok ? 'M1 4.4l2 2L7 1.8' : 'M1.3 1.3l5.4 5.4M6.7 1.3L1.3 6.7'} />
        </svg>
      ))}
    </span>
  );
}

// `top`: the most that any server of the service was asked in a second of the last minute, so that lines compare.
export function Tile({ service, pool, server, top }: { service: Service; pool: Pool; server: Server; top: number }) {
  const { word, shape } = serverState(server, pool.active);
  const failing = server.admin !== 'maint' && server.check !== null && !server.check.ok;
  const title = server.name === server.address ? server.name : `${server.name} (${server.address})`;
  return (
    <li class={`tile is-${shape}`}>
      <div class="line">
        <span class="server" title={title}>{server.name}</span>
        {server.weight !== 1 && <span class="quiet">weight {server.weight}</span>}
        <State shape={shape} word={word} />
      </div>
      {failing && server.check ? <p class="why" title={reason(server.check)}>{reason(server.check, 140)}</p> : <Numbers service={service} pool={pool} server={server} top={top} />}
      <CheckLine server={server} results={marksOf(markKey(service.name, pool.name, server.name))} />
    </li>
  );
}

function Numbers({ service, pool, server, top }: { service: Service; pool: Pool; server: Server; top: number }) {
  void heartbeat.value;
  const columns = series.services[service.name]?.pools[pool.name]?.servers[server.name];
  if (!columns || (!pool.active && sumOfLast(columns.requests, 5) === 0)) {
    return <p class="numbers">{server.in_flight > 0 ? `in flight ${grouped(server.in_flight)}${streams(server)}` : 'no requests'}</p>;
  }
  const { perSecond, errorShare } = summary([columns]);
  return (
    <p class="numbers">
      <Sparkline values={columns.requests} top={top} />
      <span><b>{rate(perSecond)}</b>/s</span>
      <span>p99 <b>{milliseconds(highestOfLast(columns.p99, 10))}</b></span>
      {(errorShare ?? 0) >= 0.001 && <span class="alarm">5xx <b>{percent(errorShare)}</b> %</span>}
      <span title={streams(server)}>in flight <b>{grouped(server.in_flight)}</b></span>
    </p>
  );
}

const streams = (server: Server) => (server.streams > 0 ? `, ${counted(server.streams, 'stream')}` : '');

function CheckLine({ server, results }: { server: Server; results: boolean[] }) {
  const { check } = server;
  if (server.admin === 'maint') return <p class="check"><span>not checked in maint</span></p>;
  if (!check) return <p class="check"><span>not checked yet</span></p>;
  const age = duration(secondsBetween(check.at, now.value));
  return (
    <p class="check">
      <Marks results={results} />
      {check.ok ? (
        <span><span class="what">{check.what}</span> {milliseconds(check.latency_ms)} ms, {age} ago</span>
      ) : (
        <span>for {duration(secondsBetween(check.since, now.value))}, checked {age} ago</span>
      )}
    </p>
  );
}
