// Latency, one small chart a pool, all with the same axis: they are there to be compared.
import type uPlot from 'uplot';
import { heartbeat, series } from '../live/store';
import type { Service } from '../model/contract';
import { grouped, milliseconds } from '../model/format';
import type { PoolLook } from '../model/pool_looks';
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
  return service.pools.flatMap(({ name }) => {
    const pool = known?.pools[name];
    const bin = (column: (number | null)[]) => highestOfEach(column, BIN_S, series.endsAt);
    return pool ? [{ name, p50: bin(pool.p50), p95: bin(pool.p95), p99: bin(pool.p99) }] : [];
  });
}

export function Latency({ service, looks }: { service: Service; looks: Record<string, PoolLook> }) {
  const curves = curvesOf(service);
  const top = Math.max(1, ...curves.flatMap(({ p99 }) => p99.map((value) => value ?? 0)));
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
        <span class="quiet">ms to first byte, 15 min</span>
      </div>
      <div class="multiples">
        {curves.map((each) => looks[each.name] && <Multiple key={each.name} curves={each} look={looks[each.name]!} top={top} />)}
      </div>
    </section>
  );
}

function Multiple({ curves, look, top }: { curves: Curves; look: PoolLook; top: number }) {
  const length = curves.p99.length;
  const last = series.endsAt - (series.endsAt % BIN_S);
  const times = Array.from({ length }, (_, at) => last - (length - 1 - at) * BIN_S);
  const nice = niceTop(top);
  const host = useChart({
    key: `${look.hue} ${nice}`,
    data: [times, curves.p99, curves.p95, curves.p50] as uPlot.AlignedData,
    options: () => options(look, nice),
  });
  const newest = (column: (number | null)[]) => milliseconds(column.at(-1) ?? null);
  return (
    <figure>
      <figcaption><PoolName look={look} name={curves.name} /></figcaption>
      <div class="chart"><div ref={host} role="img" aria-label={`${curves.name}: p50 ${newest(curves.p50)}, p95 ${newest(curves.p95)}, p99 ${newest(curves.p99)} ms`} /></div>
      {curves.p99.every((value) => value === null) && <p class="none">no requests in 15 min</p>}
    </figure>
  );
}

// 1, 2 or 5 times a power of ten.
export function niceTop(top: number): number {
  const power = 10 ** Math.floor(Math.log10(top));
  return [1, 1.5, 2, 3, 5, 7.5, 10].map((step) => step * power).find((value) => value >= top) ?? top;
}

function options({ hue }: PoolLook, top: number): Omit<uPlot.Options, 'width' | 'height'> {
  const stroke = colour(`line-${hue}`);
  const line = { stroke, points: { show: false }, spanGaps: false };
  return {
    padding: [6, 6, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: true }, y: { range: [0, top] } },
    axes: [{ ...timeAxis(), space: 60 }, { ...valueAxis(grouped), size: 34 }],
    series: [{}, { ...line, width: 1.2 }, { ...line, width: 1.2, dash: [4, 3] }, { ...line, width: 2.2 }],
  };
}
