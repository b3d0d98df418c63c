// A uPlot chart that lives in a view: made when first drawn, made anew when theme or shape change, as large as its place,
// whose size the style sheet gives.
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { shown } from '../live/theme';
import { clockTicks } from '../model/format';
import { colour } from './paint';

export interface ChartPlan {
  // What makes it another chart, not the same with other numbers.
  key: string;
  options(): Omit<uPlot.Options, 'width' | 'height'>;
  data: uPlot.AlignedData;
}

export function useChart(plan: ChartPlan) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const theme = shown.value;
  useEffect(() => {
    const place = host.current;
    if (!place) return;
    const size = () => ({ width: place.clientWidth || 300, height: place.clientHeight || 90 });
    const made = new uPlot({ ...plan.options(), ...size() }, plan.data, place);
    chart.current = made;
    const watch = new ResizeObserver(() => made.setSize(size()));
    watch.observe(place);
    return () => {
      watch.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [plan.key, theme]);
  useEffect(() => chart.current?.setData(plan.data));
  return host;
}

export const FONT = '11px "Liberation Sans", Arial, sans-serif';

export function timeAxis(): uPlot.Axis {
  return {
    stroke: colour('quiet'), font: FONT, size: 20, gap: 3, space: 90, ticks: { show: false }, grid: { show: false },
    values: (chart, splits) => clockTicks(splits).map((label, at) => (hasRoom(chart, splits[at]!, label) ? label : '')),
  };
}

const HALF_LETTER = 3.2;

// A label stands below its moment, half of it on either side; at the ends of the axis it would be cut.
function hasRoom(chart: uPlot, moment: number, label: string): boolean {
  const place = chart.valToPos(moment, 'x');
  const half = label.length * HALF_LETTER;
  return place >= half && place + half <= chart.bbox.width / devicePixelRatio + 6;
}

export function valueAxis(values: (value: number) => string): uPlot.Axis {
  return {
    stroke: colour('quiet'), font: FONT, size: 44, gap: 4, space: 32, ticks: { show: false },
    grid: { stroke: colour('hairline'), width: 1 },
    values: (_, splits) => splits.map((value) => values(value)),
  };
}
