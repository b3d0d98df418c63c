// Powers of ten that hold all values between the lowest and the highest of them, for an axis; at least two decades.
const LOWEST = -2; // 10 µs
const LEAST_PX = 20;

export function decadesAround(values: (number | null)[]): number[] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value === null) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (high < low) [low, high] = [1, 100];
  const first = Math.max(LOWEST, Math.floor(Math.log10(Math.max(low, 10 ** LOWEST))));
  const last = Math.max(first + 2, Math.ceil(Math.log10(Math.max(high, 10 ** LOWEST))));
  return Array.from({ length: last - first + 1 }, (_, at) => Number(`1e${first + at}`));
}

// Those of them that have room beside each other on `height` pixels.
export function decadesShown(decades: number[], height: number): number[] {
  const every = Math.max(1, Math.ceil((LEAST_PX * (decades.length - 1)) / Math.max(1, height)));
  return decades.filter((_, at) => at % every === 0);
}
