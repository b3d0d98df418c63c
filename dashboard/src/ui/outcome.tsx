// How an action ended; a refusal is explained: which server, which check, what it answered.
import type { ActionResult, CommandError, Drain, ServerComplaint } from '../model/contract';
import { counted, duration, shortened } from '../model/format';
import { splitWords } from '../model/words';
import { State } from './icons';

export function Outcome({ result }: { result: ActionResult }) {
  if (!result.ok && result.error) return <Refusal error={result.error} />;
  if (result.changed === false) return <p><State shape="up" word="Already so" /> Nothing changed.</p>;
  return (
    <>
      <p><State shape="up" word="Done" /> {result.server ? `${result.server} is ${result.state}.` : `${splitWords(result.to ?? [])} serves, revision ${result.revision}.`}</p>
      {result.gate && <p class="quiet">Gate: {result.gate}.</p>}
      {result.drain && <p class="quiet">{drained(result.drain)}</p>}
      {result.superseded && <p class="alarm">A later operation took it back.</p>}
    </>
  );
}

function drained({ finished, left, cut, took_ms }: Drain): string {
  const all = cut.http + cut.stream;
  return `Drained in ${(took_ms / 1000).toFixed(1)} s: ${finished} finished, ${all} cut${left > 0 ? `, ${left} left` : ''}.`;
}

function Refusal({ error }: { error: CommandError }) {
  return (
    <>
      <p><State shape="down" word={error.code === 'lost' ? 'Unknown' : 'Refused'} /> {error.message}</p>
      {error.details && error.details.length > 0 && <Complaints details={error.details} />}
      {error.hint && <p class="quiet">Try: <code>{error.hint}</code></p>}
      {error.code !== 'lost' && <p class="quiet">Traffic did not move.</p>}
    </>
  );
}

function Complaints({ details }: { details: ServerComplaint[] }) {
  const servers = details.filter(({ server }) => server);
  if (servers.length === 0) return null;
  return (
    <div class="scrolled" tabIndex={0} role="region" aria-label="Servers that refused">
      <table class="dense">
        <thead><tr><th scope="col">Server</th><th scope="col">Check</th><th scope="col">Status</th><th scope="col">Answer</th><th scope="col">For</th></tr></thead>
        <tbody>
          {servers.map((each) => (
            <tr key={`${each.pool}/${each.server}`}>
              <th scope="row">{each.pool}/{each.server}</th>
              <td>{each.check}</td>
              <td>{each.up ? 'up' : each.status || 'none'}</td>
              <td class="wraps">{shortened(each.body || each.error || '', 200) || '–'}</td>
              <td>{each.since_ms === undefined ? '–' : duration(each.since_ms / 1000)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="unseen">{counted(servers.length, 'server')}</p>
    </div>
  );
}
