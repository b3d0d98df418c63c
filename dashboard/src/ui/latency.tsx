// Latency, one small chart a pool, all with the same axis: they are there to be compared.
import type uPlot from 'uplot';
import { heartbeat, series, status } from '../live/store';
import type { Service } from '../model/contract';
import { decade, milliseconds } from '../model/format';
import type { PoolLook } from '../model/pool_looks';
import { decadesAround, decadesShown } from '../model/decades';
import { stepsKnown } from '../model/reach';
import { highestOfEach } from '../model/stack';
import { timeAxis, useChart, valueAxis } from './chart';
import { colour } from './paint';
import { PoolName } from './pool_column';

const BIN_S = 5;

interface Curves {
  name: string;
  p50: (number | null)[];
  p95: (number | null)[];
  p99: (number | null)[];
}

function curvesOf(service: Service): Curves[] {
  void heartbeat.value;
  const known = series.services[service.name];
  if (!known) return [];
  const startedAt = Date.parse(status.value?.started_at ?? '') / 1000;
  const steps = stepsKnown([...Object.values(known.pools), known.own], { step: 1, endsAt: series.endsAt, startedAt });
  return service.pools.flatMap(({ name }) => {
    const pool = known.pools[name];
    const bin = (column: (number | null)[]) => highestOfEach(column.slice(-steps), BIN_S, series.endsAt);
    return pool ? [{ name, p50: bin(pool.p50), p95: bin(pool.p95), p99: bin(pool.p99) }] : [];
  });
}

export function Latency({ service, looks }: { service: Service; looks: Record<string, PoolLook> }) {
  const curves = curvesOf(service);
  const decades = decadesAround(curves.flatMap(({ p50, p99 }) => [...p50, ...p99]));
  return (
    <section class="latency panel" aria-labelledby="latency">
      <div class="caption">
        <h2 id="latency">Latency</h2>
        <span class="legend is-lines">
          <span><i class="stroke is-p99" aria-hidden="true" /> p99</span>
          <span><i class="stroke is-p95" aria-hidden="true" /> p95</span>
          <span><i class="stroke is-p50" aria-hidden="true" /> p50</span>
        </span>
        <span class="gap" />
        <span class="quiet">ms to first byte</span>
      </div>
      <div class="multiples">
        {curves.map((each) => looks[each.name] && <Multiple key={each.name} curves={each} look={looks[each.name]!} decades={decades} />)}
      </div>
    </section>
  );
}

function Multiple({ curves, look, decades }: { curves: Curves; look: PoolLook; decades: number[] }) {
  const length = curves.p99.length;
  const last = series.endsAt - (series.endsAt % BIN_S);
  const times = Array.from({ length }, (_, at) => last - (length - 1 - at) * BIN_S);
  const host = useChart({
    key: `${look.hue} ${decades.join()}`,
    data: [times, curves.p99, curves.p95, curves.p50] as uPlot.AlignedData,
    options: () => options(look, decades),
  });
  const newest = (column: (number | null)[]) => milliseconds(column.at(-1) ?? null);
  return (
    <figure>
      <figcaption><PoolName look={look} name={curves.name} /></figcaption>
      <div class="chart"><div ref={host} role="img" aria-label={`${curves.name}: p50 ${newest(curves.p50)}, p95 ${newest(curves.p95)}, p99 ${newest(curves.p99)} ms`} /></div>
      {curves.p99.every((value) => value === null) && <p class="none">no requests</p>}
    </figure>
  );
}

// By powers of ten: what half of the readers wait and what one in a hundred waits are far apart, and both are to be read.
function options({ hue }: PoolLook, decades: number[]): Omit<uPlot.Options, 'width' | 'height'> {
  const stroke = colour(`line-${hue}`);
  const line = { stroke, points: { show: false }, spanGaps: false };
  return {
    padding: [6, 6, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: true }, y: { distr: 3, log: 10, range: [decades[0]!, decades.at(-1)!] } },
    axes: [{ ...timeAxis(), space: 60 }, { ...valueAxis(decade), size: 34, splits: (chart) => decadesShown(decades, chart.bbox.height / devicePixelRatio), filter: (_, splits) => splits }],
    series: [{}, { ...line, width: 1.2 }, { ...line, width: 1.2, dash: [4, 3] }, { ...line, width: 2.2 }],
  };
}
