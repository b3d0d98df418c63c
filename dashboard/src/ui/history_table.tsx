// Who decided what, when, why, and how it went.
import { useEffect, useState } from 'preact/hooks';
import { history, longFigures } from '../live/api';
import { events, now } from '../live/store';
import type { FiguresAnswer, Service } from '../model/contract';
import { moment, percent, zone } from '../model/format';
import { errorsAround, pastRows, type PastRow } from '../model/past';
import type { PoolLook } from '../model/pool_looks';
import { poolOfEntry, splitWords } from '../model/words';
import { State } from './icons';
import { PoolName } from './pool_column';

interface Loaded {
  rows: PastRow[];
  figures: FiguresAnswer | null;
}

export function HistoryTable({ service, looks }: { service: Service; looks: Record<string, PoolLook> }) {
  const [loaded, setLoaded] = useState<Loaded | string | null>(null);
  const newest = [...events.value].reverse().find((event) => event.service === service.name && !event.event.startsWith('server.'))?.id;
  useEffect(() => {
    let isWanted = true;
    Promise.all([history(service.name), longFigures(service.name).catch(() => null)]).then(
      ([entries, figures]) => isWanted && setLoaded({ rows: pastRows(entries), figures }),
      (error: unknown) => isWanted && setLoaded(`The history cannot be read: ${error instanceof Error ? error.message : String(error)}.`),
    );
    return () => void (isWanted = false);
  }, [service.name, newest]);
  return (
    <main id="main" tabIndex={-1}>
      <div class="panel scrolled" tabIndex={0} role="region" aria-label="History">
        {loaded === null && <p class="empty">Reading…</p>}
        {typeof loaded === 'string' && <p class="empty alarm">{loaded}</p>}
        {loaded !== null && typeof loaded !== 'string' && <Rows {...loaded} service={service} looks={looks} />}
      </div>
    </main>
  );
}

function Rows({ rows, figures, service, looks }: Loaded & { service: Service; looks: Record<string, PoolLook> }) {
  const known = figures?.services[service.name];
  const columns = known ? [...Object.values(known.pools), ...(known.own ? [known.own] : [])] : [];
  const around = (row: PastRow) => errorsAround(columns, figures?.ends_at ?? 0, Date.parse(row.at) / 1000);
  if (rows.length === 0) return <p class="empty">Nothing was decided yet.</p>;
  return (
    <table class="dense">
      <thead>
        <tr>
          <th scope="col">When, {zone(new Date().getTimezoneOffset())}</th><th scope="col">What</th><th scope="col">From → to</th><th scope="col">Who</th><th scope="col">Version</th>
          <th scope="col">Reason</th><th scope="col">Result</th><th scope="col" class="number">Rev.</th>
          <th scope="col" class="number" title="Share of errors in the 5 minutes before, and after">5xx % before</th><th scope="col" class="number">after</th>
        </tr>
      </thead>
      <tbody>{rows.map((row) => <HistoryRow key={row.key} row={row} looks={looks} around={around(row)} />)}</tbody>
    </table>
  );
}

function HistoryRow({ row, looks, around }: { row: PastRow; looks: Record<string, PoolLook>; around: ReturnType<typeof errorsAround> }) {
  const moved = !row.isRefused && row.from.length > 0;
  const worse = moved && (around.after ?? 0) >= 0.01 && (around.after ?? 0) > 2 * (around.before ?? 0);
  return (
    <tr>
      <td class="number is-left"><time dateTime={row.at}>{moment(new Date(row.at), new Date(now.value * 1000))}</time></td>
      <th scope="row">{row.what}</th>
      <td>{row.to.length > 0 && <Movement row={row} looks={looks} />}</td>
      <td>{row.by}</td>
      <td>{row.label || '–'}</td>
      <td class="wraps">{row.reason || '–'}</td>
      <td class="wraps">{row.isRefused ? <><State shape="down" word="Refused" /> {row.outcome}</> : row.outcome}</td>
      <td class="number">{row.revision ?? '–'}</td>
      <td class="number">{moved ? percent(around.before) : ''}</td>
      <td class={`number${worse ? ' alarm' : ''}`}>{moved ? percent(around.after) : ''}</td>
    </tr>
  );
}

function Movement({ row, looks }: { row: PastRow; looks: Record<string, PoolLook> }) {
  const side = (split: string[]) =>
    split.map((entry) => {
      const look = looks[poolOfEntry(entry)];
      return look ? <PoolName key={entry} look={look} name={splitWords([entry])} /> : <span key={entry}>{splitWords([entry])}</span>;
    });
  return <span class="movement">{side(row.from)}{row.from.length > 0 && ' → '}{side(row.to)}</span>;
}
