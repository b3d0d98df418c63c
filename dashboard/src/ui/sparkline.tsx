// A line without axes: the shape of the last minute. Its figure stands beside it.
const WIDTH = 64;
const HEIGHT = 18;

export function Sparkline({ values, top }: { values: number[]; top: number }) {
  const step = WIDTH / Math.max(1, values.length - 1);
  const high = top > 0 ? top : 1;
  const points = values.map((value, at) => `${(at * step).toFixed(1)} ${(HEIGHT - 1 - (value / high) * (HEIGHT - 3)).toFixed(1)}`);
  return (
    <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} preserveAspectRatio="none" aria-hidden="true">
      <path class="under" d={`M0 ${HEIGHT}L${points.join('L')}L${WIDTH} ${HEIGHT}z`} />
      <path class="line" d={`M${points.join('L')}`} />
    </svg>
  );
}
