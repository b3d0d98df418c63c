// The figures of the last quarter of an hour, a column a number, one second a step; for each pool, each server, and
// what Tealgate answered itself. Filled by a snapshot, then moved on by ticks. All columns end at `endsAt`.
//
// The arrays are changed in place: whoever draws them does so after each tick.
import type { Columns, Figures, FiguresAnswer, OwnColumns, OwnPoint, Point } from './contract';

export const STEPS = 900;
export const SERVER_STEPS = 60;

export interface PoolSeries extends Columns {
  servers: Record<string, Columns>;
}
export interface ServiceSeries {
  pools: Record<string, PoolSeries>;
  own: OwnColumns;
}

const NOTHING: Point = { requests: 0, errors: 0, p50: null, p95: null, p99: null };

function filled<Of>(given: Of[] | undefined, length: number, blank: Of): Of[] {
  const column = (given ?? []).slice(-length);
  return [...Array<Of>(length - column.length).fill(blank), ...column];
}

export function fullColumns(given: Partial<Columns> | undefined, length: number): Columns {
  return {
    requests: filled(given?.requests, length, 0),
    errors: filled(given?.errors, length, 0),
    p50: filled<number | null>(given?.p50, length, null),
    p95: filled<number | null>(given?.p95, length, null),
    p99: filled<number | null>(given?.p99, length, null),
  };
}

function move<Of>(column: Of[], next: Of) {
  column.push(next);
  column.shift();
}

function moveColumns(columns: Columns, point: Point) {
  move(columns.requests, point.requests);
  move(columns.errors, point.errors);
  move(columns.p50, point.p50);
  move(columns.p95, point.p95);
  move(columns.p99, point.p99);
}

export class SeriesStore {
  endsAt = 0;
  services: Record<string, ServiceSeries> = {};

  load(figures: FiguresAnswer) {
    this.endsAt = figures.ends_at;
    this.services = {};
    for (const [name, service] of Object.entries(figures.services)) {
      const series = this.service(name);
      series.own = fullColumns(service.own, STEPS);
      for (const [poolName, pool] of Object.entries(service.pools)) {
        const servers: Record<string, Columns> = {};
        for (const [server, columns] of Object.entries(pool.servers ?? {})) {
          servers[server] = fullColumns(columns, SERVER_STEPS);
        }
        series.pools[poolName] = { ...fullColumns(pool, STEPS), servers };
      }
    }
  }

  // Seconds that no tick told of are empty. A tick for a second already told is ignored.
  tick(at: number, points: Figures<Point, OwnPoint>) {
    const steps = at - this.endsAt;
    if (steps <= 0) return;
    this.makeRoom(points);
    for (let missed = Math.min(steps, STEPS) - 1; missed > 0; --missed) this.step({});
    this.step(points);
    this.endsAt = at;
  }

  private service(name: string): ServiceSeries {
    return (this.services[name] ??= { pools: {}, own: fullColumns(undefined, STEPS) });
  }

  // What is named for the first time was added by a reload.
  private makeRoom(points: Figures<Point, OwnPoint>) {
    for (const [name, service] of Object.entries(points)) {
      const series = this.service(name);
      for (const [poolName, pool] of Object.entries(service.pools)) {
        const known = (series.pools[poolName] ??= { ...fullColumns(undefined, STEPS), servers: {} });
        for (const server of Object.keys(pool.servers ?? {})) {
          known.servers[server] ??= fullColumns(undefined, SERVER_STEPS);
        }
      }
    }
  }

  private step(points: Figures<Point, OwnPoint>) {
    for (const [name, series] of Object.entries(this.services)) {
      const service = points[name];
      move(series.own.requests, service?.own?.requests ?? 0);
      move(series.own.errors, service?.own?.errors ?? 0);
      for (const [poolName, pool] of Object.entries(series.pools)) {
        const point = service?.pools[poolName];
        moveColumns(pool, point ?? NOTHING);
        for (const [server, columns] of Object.entries(pool.servers)) {
          moveColumns(columns, point?.servers?.[server] ?? NOTHING);
        }
      }
    }
  }
}

export function sumOfLast(column: number[], steps: number): number {
  let sum = 0;
  for (let i = Math.max(0, column.length - steps); i < column.length; ++i) sum += column[i] ?? 0;
  return sum;
}

// The highest of the last `steps`, or null where nothing was asked.
export function highestOfLast(column: (number | null)[], steps: number): number | null {
  let highest: number | null = null;
  for (let i = Math.max(0, column.length - steps); i < column.length; ++i) {
    const value = column[i];
    if (value != null && (highest === null || value > highest)) highest = value;
  }
  return highest;
}

export interface Summary {
  perSecond: number; // mean of the last 5 s
  errorShare: number | null; // of the last minute; null: nothing was asked
  errors: number; // in the last minute
}

export function summary(columns: OwnColumns[]): Summary {
  const sum = (pick: keyof OwnColumns, steps: number) =>
    columns.reduce((total, column) => total + sumOfLast(column[pick], steps), 0);
  const asked = sum('requests', 60);
  const errors = sum('errors', 60);
  return { perSecond: sum('requests', 5) / 5, errorShare: asked > 0 ? errors / asked : null, errors };
}
