// The traffic of the last quarter of an hour (or of the day): an area a pool, errors hatched red at the foot, a flag at
// each switch.
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type uPlot from 'uplot';
import { longFigures } from '../live/api';
import { addressOf } from '../live/place';
import { events, heartbeat, series, status } from '../live/store';
import type { FiguresAnswer, OwnColumns, Service } from '../model/contract';
import { clock, counted, rate, zone } from '../model/format';
import type { PoolLook } from '../model/pool_looks';
import { stepsKnown } from '../model/reach';
import { sumOfLast } from '../model/series';
import { perSecond, stacked, summed } from '../model/stack';
import { timeAxis, useChart, valueAxis } from './chart';
import { flagsOf, Flags } from './flags';
import { colour, hatched } from './paint';
import { PoolName } from './pool_column';

const PLOT = { left: 44 };
const LEAST_ERROR_PX = 3; // one error in a thousand is seen

type Span = '15m' | '24h';
const span = signal<Span>('15m');
const day = signal<{ service: string; figures: FiguresAnswer } | null>(null);

interface Past {
  step: number;
  endsAt: number;
  pools: Record<string, OwnColumns>;
  own: OwnColumns;
}

function pastOf(service: Service, wanted: Span): Past | null {
  if (wanted === '15m') {
    void heartbeat.value;
    const known = series.services[service.name];
    return known ? { step: 1, endsAt: series.endsAt, pools: known.pools, own: known.own } : null;
  }
  const long = day.value?.service === service.name ? day.value.figures : null;
  const known = long?.services[service.name];
  if (!long || !known) return null;
  const nothing = Object.values(known.pools)[0]?.requests.map(() => 0) ?? [];
  return { step: long.step_s, endsAt: long.ends_at, pools: known.pools, own: known.own ?? { requests: nothing, errors: nothing } };
}

// Without the time before the daemon was there.
function known(past: Past | null): Past | null {
  if (!past) return null;
  const { step, endsAt, pools, own } = past;
  const startedAt = Date.parse(status.value?.started_at ?? '') / 1000;
  const steps = stepsKnown([...Object.values(pools), own], { step, endsAt, startedAt });
  const cut = ({ requests, errors }: OwnColumns) => ({ requests: requests.slice(-steps), errors: errors.slice(-steps) });
  return { step, endsAt, own: cut(own), pools: Object.fromEntries(Object.entries(pools).map(([name, columns]) => [name, cut(columns)])) };
}

interface Shown {
  service: Service;
  looks: Record<string, PoolLook>;
}

export function Ribbon({ service, looks }: Shown) {
  useEffect(() => {
    if (span.value !== '24h') return;
    const load = () => void longFigures(service.name).then((figures) => (day.value = { service: service.name, figures }), () => undefined);
    load();
    const timer = setInterval(load, 60_000);
    return () => clearInterval(timer);
  }, [service.name, span.value]);
  const past = known(pastOf(service, span.value));
  return (
    <section class="ribbon panel" aria-label="Traffic">
      <div class="caption">
        <h2>Traffic</h2>
        <Spans />
        <Legend service={service} looks={looks} />
        <span class="gap" />
        <span class="quiet">
          {past && <><span class="totals">{totals(past)}</span> · </>}chart: per second · times in {zone(new Date().getTimezoneOffset())}
        </span>
      </div>
      {past ? <Plot service={service} looks={looks} past={past} /> : <p class="empty">No figures yet.</p>}
    </section>
  );
}

// One of several, below the table that says which colour is which: the last quarter of an hour.
export function SmallRibbon({ service, looks }: Shown) {
  const past = known(pastOf(service, '15m'));
  return (
    <section class="ribbon panel" aria-label={`Traffic of ${service.name}`}>
      <div class="caption">
        <h2><a href={addressOf(service.name)}>{service.name}</a></h2>
        <span class="gap" />
        {past && <span class="quiet totals">{totals(past)}</span>}
      </div>
      {past ? <Plot service={service} looks={looks} past={past} /> : <p class="empty">No figures yet.</p>}
    </section>
  );
}

// Of the span, what Tealgate answered itself included.
function totals({ pools, own }: Past): string {
  const all = [...Object.values(pools), own];
  const sum = (pick: keyof OwnColumns) => all.reduce((total, columns) => total + sumOfLast(columns[pick], columns[pick].length), 0);
  return `${counted(sum('requests'), 'request')}, ${counted(sum('errors'), 'error')}`;
}

function Spans() {
  return (
    <span class="spans" role="group" aria-label="Span">
      {(['15m', '24h'] as Span[]).map((each) => (
        <button key={each} class="plain" aria-pressed={span.value === each} onClick={() => (span.value = each)}>
          {each === '15m' ? '15 min' : '24 h'}
        </button>
      ))}
    </span>
  );
}

function Legend({ service, looks }: Shown) {
  return (
    <span class="legend">
      {service.pools.map(({ name }) => looks[name] && <PoolName key={name} look={looks[name]} name={name} />)}
      <span><i class="swatch is-error" aria-hidden="true" /> errors</span>
    </span>
  );
}

function Plot({ service, looks, past }: Shown & { past: Past }) {
  const names = service.pools.map(({ name }) => name).filter((name) => past.pools[name]);
  const columns = names.map((name) => perSecond(past.pools[name]!.requests, past.step));
  const all = [...names.map((name) => past.pools[name]!), past.own];
  const length = past.own.requests.length;
  const times = Array.from({ length }, (_, at) => past.endsAt - (length - 1 - at) * past.step);
  const errors = perSecond(summed(all, 'errors'), past.step);
  const host = useChart({
    key: `${names.join()} ${past.step}`,
    data: [times, ...stacked([...columns, perSecond(past.own.requests, past.step)]), errors] as uPlot.AlignedData,
    options: () => options(names.map((name) => looks[name]!)),
  });
  const from = times[0] ?? 0;
  return (
    <div class="plot">
      <div ref={host} class="area" role="img" aria-label={said(columns, errors, past)} />
      <Flags flags={flagsOf(events.value, service.name, from, past.endsAt)} looks={looks} left={PLOT.left} />
    </div>
  );
}

function said(columns: number[][], errors: number[], past: Past): string {
  const totals = summed(columns.map((requests) => ({ requests, errors: requests })), 'requests');
  const lowest = totals.reduce((a, b) => Math.min(a, b), Infinity);
  const highest = totals.reduce((a, b) => Math.max(a, b), 0);
  const failed = errors.reduce((a, b) => a + b, 0) * past.step;
  return `Until ${clock(new Date(past.endsAt * 1000))}: between ${rate(lowest)} and ${rate(highest)} requests per second, ${Math.round(failed)} errors`;
}

function options(looks: PoolLook[]): Omit<uPlot.Options, 'width' | 'height'> {
  const top = { stroke: colour('quiet'), fill: () => hatched(colour('quiet'), 'dots', 0.18) };
  const pools = [...looks].reverse().map(({ hue, hatch }) => ({ stroke: colour(`line-${hue}`), fill: () => hatched(colour(`fill-${hue}`), hatch) }));
  const area = { width: 1.2, points: { show: false } };
  return {
    padding: [14, 8, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: true }, y: { range: (_, __, high) => [0, Math.max(1, high * 1.08)] } },
    axes: [timeAxis(), { ...valueAxis(rate), size: PLOT.left }],
    series: [{}, ...[top, ...pools].map((look) => ({ ...look, ...area })), { show: true, width: 0, stroke: 'transparent', points: { show: false } }],
    hooks: { drawSeries: [(chart, at) => at === chart.series.length - 1 && paintErrors(chart)] },
  };
}

function paintErrors(chart: uPlot) {
  const times = chart.data[0];
  const errors = chart.data[chart.data.length - 1] ?? [];
  const foot = chart.valToPos(0, 'y', true);
  const width = Math.max(devicePixelRatio, chart.bbox.width / Math.max(1, times.length));
  chart.ctx.save();
  chart.ctx.fillStyle = hatched(colour('alarm-fill'), 'rising', 0.75);
  times.forEach((time, at) => {
    const count = errors[at] ?? 0;
    if (count <= 0) return;
    const height = Math.max(LEAST_ERROR_PX * devicePixelRatio, foot - chart.valToPos(count, 'y', true));
    chart.ctx.fillRect(chart.valToPos(time, 'x', true) - width, foot - height, width, height);
  });
  chart.ctx.restore();
}
