// How much of a chart's span there is something to draw of: a daemon that is younger than the span has no past before it.
const LEAST_STEPS = 60;

// The number of steps, of `columns` that all end at `endsAt`; from the daemon's start on, or from the first request.
export function stepsKnown(columns: { requests: number[] }[], { step, endsAt, startedAt }: { step: number; endsAt: number; startedAt: number }): number {
  const length = columns[0]?.requests.length ?? 0;
  const asked = columns.map(({ requests }) => requests.findIndex((count) => count > 0)).filter((at) => at >= 0);
  const first = Math.min(length, ...asked);
  const alive = Math.ceil((endsAt - startedAt) / step) + 1;
  return Math.min(length, Math.max(LEAST_STEPS, alive, length - first));
}
