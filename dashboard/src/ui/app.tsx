// The page: which screen stands where.
import { useSignalEffect } from '@preact/signals';
import { isWall, place } from '../live/place';
import { isStale, services, status, wantsToken } from '../live/store';
import type { Service } from '../model/contract';
import { poolLooks } from '../model/pool_looks';
import { serviceState, tabTitle, type Shape } from '../model/words';
import { ActionDialog } from './action_dialog';
import { Announcer, StaleBanner } from './connection';
import { setFavicon } from './favicon';
import { Header } from './header';
import { HistoryTable } from './history_table';
import { Live } from './live';
import { Login } from './login';
import { byWorst, Overview } from './overview';
import { ServerTable } from './server_table';
import { Wall } from './wall';

// With one service there is nothing to choose.
function current(): Service | null {
  const all = services.value;
  const wanted = all.find(({ name }) => name === place.value.service);
  return wanted ?? (all.length === 1 ? (all[0] ?? null) : null);
}

function Screen({ service }: { service: Service | null }) {
  if (!service) return <Overview />;
  const looks = poolLooks(service.pools.map(({ name }) => name));
  if (place.value.screen === 'servers') return <ServerTable service={service} looks={looks} />;
  if (place.value.screen === 'history') return <HistoryTable service={service} looks={looks} />;
  return <Live service={service} looks={looks} />;
}

function Waiting() {
  return (
    <main id="main" class="waiting">
      <h1>Tealgate</h1>
      <p role="status">{wantsToken.value === null ? 'Connecting to the daemon…' : 'A token is needed.'}</p>
    </main>
  );
}

function useTab() {
  useSignalEffect(() => {
    const service = current();
    const all = service ? [service] : byWorst(services.value);
    const connected = !isStale.value;
    document.title = status.value ? tabTitle(all, connected) : 'Tealgate';
    const shape: Shape = !connected || !all[0] ? 'unknown' : serviceState(all[0]).shape;
    setFavicon(shape);
  });
}

export function App() {
  useTab();
  const service = current();
  const isKnown = status.value !== null;
  return (
    <>
      <StaleBanner />
      <div class={`page${isStale.value ? ' is-stale' : ''}`}>
        {!isKnown && <Waiting />}
        {isKnown && isWall && <Wall />}
        {isKnown && !isWall && (
          <>
            <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById('main')?.focus(); }}>To the content</a>
            <Header service={service} />
            <Screen service={service} />
          </>
        )}
      </div>
      <ActionDialog />
      <Login />
      <Announcer />
    </>
  );
}
