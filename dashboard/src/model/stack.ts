// Figures put one upon another for the ribbon.
import type { OwnColumns } from './contract';

// `columns` from the lowest to the highest; the answer the other way round: the whole first, so that the lower ones
// are painted over it.
// Null where one adds nothing, so that no line is drawn there; but beside what it adds, so that a single step is seen.
export function stacked(columns: number[][]): (number | null)[][] {
  const painted: (number | null)[][] = [];
  let below: number[] = columns[0]?.map(() => 0) ?? [];
  for (const column of columns) {
    const under = below;
    below = column.map((value, at) => value + (under[at] ?? 0));
    const sum = below;
    const adds = (at: number) => (column[at] ?? 0) > 0;
    painted.unshift(column.map((_, at) => (adds(at - 1) || adds(at) || adds(at + 1) ? (sum[at] ?? null) : null)));
  }
  return painted;
}

export function summed(columns: OwnColumns[], pick: keyof OwnColumns): number[] {
  const length = columns[0]?.[pick].length ?? 0;
  return Array.from({ length }, (_, at) => columns.reduce((sum, column) => sum + (column[pick][at] ?? 0), 0));
}

export function perSecond(column: number[], step: number): number[] {
  return step === 1 ? column : column.map((value) => value / step);
}

// The highest of each `size` values: outliers are never averaged away. Whole bins from the end, so that a bin keeps its
// values while time moves on: `endsAt` says where bins begin.
export function highestOfEach(column: (number | null)[], size: number, endsAt: number): (number | null)[] {
  const bins: (number | null)[] = [];
  for (let at = column.length - (endsAt % size); at - size >= 0; at -= size) {
    let highest: number | null = null;
    for (let i = at - size; i < at; ++i) {
      const value = column[i];
      if (value != null && (highest === null || value > highest)) highest = value;
    }
    bins.unshift(highest);
  }
  return bins;
}
