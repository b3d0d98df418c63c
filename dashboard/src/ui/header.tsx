// The first line: which service, how it is, and how the daemon is.
import { who, services, now, series, heartbeat, status, isStale, begin, wantsToken } from '../live/store';
import { addressOf, place, type Screen } from '../live/place';
import { forget } from '../live/session';
import { nextTheme, theme } from '../live/theme';
import type { Service } from '../model/contract';
import { duration, grouped, milliseconds, percent, rate, secondsBetween } from '../model/format';
import { highestOfLast, summary } from '../model/series';
import { serviceState } from '../model/words';
import { Mark, State } from './icons';

export function serviceFigures(service: Service) {
  void heartbeat.value;
  const known = series.services[service.name];
  const columns = known ? [...Object.values(known.pools), known.own] : [];
  const p99s = known ? service.active.map((name) => highestOfLast(known.pools[name]?.p99 ?? [], 10)) : [];
  const heard = p99s.filter((value): value is number => value !== null);
  return { ...summary(columns), p99: heard.length > 0 ? Math.max(...heard) : null };
}

export function Figure({ value, unit, label, title, alarming }: { value: string; unit?: string; label: string; title?: string; alarming?: boolean }) {
  return (
    <div class={`figure${alarming ? ' is-alarming' : ''}`} title={title}>
      <dt>{label}</dt>
      <dd>
        {value}
        {unit && <span class="unit"> {unit}</span>}
      </dd>
    </div>
  );
}

function Picker({ current }: { current: string | null }) {
  const all = services.value;
  if (all.length < 2) return <h1 class="name">{current ?? 'Tealgate'}</h1>;
  return (
    <>
      <h1 class="unseen">{current ?? 'All services'}</h1>
      <select
        class="picker name"
        aria-label="Service"
        value={current ?? ''}
        onChange={(event) => (location.hash = addressOf(event.currentTarget.value || null, place.value.screen))}
      >
        <option value="">All services</option>
        {all.map(({ name }) => (
          <option key={name} value={name}>{name}</option>
        ))}
      </select>
    </>
  );
}

const SCREENS: [Screen, string][] = [['live', 'Live'], ['servers', 'Servers'], ['history', 'History']];

function Screens({ service }: { service: Service }) {
  return (
    <nav aria-label="Screens">
      {SCREENS.map(([screen, name]) => (
        <a key={screen} href={addressOf(service.name, screen)} aria-current={place.value.screen === screen ? 'page' : undefined}>{name}</a>
      ))}
    </nav>
  );
}

function ServiceFigures({ service }: { service: Service }) {
  const { perSecond, errorShare, errors, p99 } = serviceFigures(service);
  return (
    <dl class="figures">
      <Figure label="requests" value={rate(perSecond)} unit="/s" title="Mean of the last 5 seconds" />
      <Figure label="5xx" value={percent(errorShare)} unit="%" alarming={(errorShare ?? 0) >= 0.01} title={`${grouped(errors)} in the last minute, Tealgate's own answers included`} />
      <Figure label="p99" value={milliseconds(p99)} unit="ms" title="Time to first byte: the highest of the last 10 seconds in the pools that serve" />
    </dl>
  );
}

function Daemon() {
  const { started_at, config, generation, version } = status.value!;
  const warnings = config.warnings.length;
  return (
    <dl class="figures is-quiet">
      <Figure label="up" value={duration(secondsBetween(started_at, now.value))} title={`Tealgate ${version}`} />
      <Figure label="config" value={warnings === 0 ? 'ok' : `${warnings} warning${warnings > 1 ? 's' : ''}`} title={config.path} alarming={warnings > 0} />
      <Figure label="generation" value={String(generation)} />
    </dl>
  );
}

function Reader() {
  const reader = who.value;
  if (!reader) return null;
  if (reader.name === null) return <button class="plain" onClick={() => (wantsToken.value = '')}>Sign in</button>;
  const leave = () => {
    forget();
    void begin();
  };
  return (
    <span class="reader">
      {reader.name} <span class="quiet">({reader.role})</span>
      <button class="plain" onClick={leave}>Sign out</button>
    </span>
  );
}

export function Header({ service }: { service: Service | null }) {
  return (
    <header class={isStale.value ? 'is-stale' : ''}>
      <Mark />
      <Picker current={service?.name ?? null} />
      {service && <State {...serviceState(service)} loud />}
      {service && <ServiceFigures service={service} />}
      <span class="gap" />
      {status.value && <Daemon />}
      {service && <Screens service={service} />}
      <button class="plain" onClick={nextTheme} title="Colours: as the system, light, dark">
        <span class="unseen">Theme: </span><span class="moon" aria-hidden="true" /> {theme.value}
      </button>
      <Reader />
    </header>
  );
}
