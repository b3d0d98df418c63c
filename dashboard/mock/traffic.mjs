// Traffic that never was: points of one second for servers and pools, repeatable for the same second.

// A number in [0, 1) that depends on its arguments alone.
export function noise(...of) {
  let hash = 2166136261;
  for (const char of of.join('|')) hash = Math.imul(hash ^ char.charCodeAt(0), 16777619);
  hash ^= hash >>> 15;
  return ((Math.imul(hash, 2246822519) >>> 0) % 100000) / 100000;
}

export const NOTHING = { requests: 0, errors: 0, p50: null, p95: null, p99: null };

const round = (ms) => Math.round(ms * 10) / 10;

export function wantedAt(service, second) {
  const day = 0.75 + 0.25 * Math.sin((second / 86_400) * 2 * Math.PI);
  const waves = 1 + 0.1 * Math.sin(second / 71) + 0.05 * Math.sin(second / 23) + 0.06 * (noise(service.name, second) - 0.5);
  return service.perSecond * day * waves;
}

function serverPoint(service, server, second, requests) {
  const asked = Math.round(requests);
  if (asked === 0) return { ...NOTHING };
  const slow = (server.slowness ?? 1) * (1 + 0.25 * (noise(server.name, second, 'slow') - 0.5));
  const spike = noise(server.name, second, 'spike') > 0.97 ? 1.9 : 1;
  const share = server.errorShare ?? service.errorShare ?? 0;
  const errors = Math.min(asked, Math.floor(asked * share + noise(server.name, second, 'errors')));
  return { requests: asked, errors, p50: round(service.p50 * slow), p95: round(service.p50 * 4.4 * slow), p99: round(service.p50 * 9 * slow * spike) };
}

// A pool's percentiles lie between those of its servers; this is near enough for a page to show.
function poolPoint(points) {
  const asked = points.filter(({ requests }) => requests > 0);
  if (asked.length === 0) return { ...NOTHING };
  const sum = (pick) => asked.reduce((total, point) => total + point[pick], 0);
  const weighed = (pick) => round(asked.reduce((total, point) => total + point[pick] * point.requests, 0) / sum('requests'));
  return {
    requests: sum('requests'), errors: sum('errors'), p50: weighed('p50'), p95: weighed('p95'),
    p99: Math.max(weighed('p99'), Math.max(...asked.map(({ p99 }) => p99)) * 0.9),
  };
}

// Points of `service` for `second`; `shares` is the percent of each pool then.
export function pointsAt(service, second, shares) {
  const pools = {};
  const wanted = wantedAt(service, second);
  let unserved = 0;
  for (const pool of service.pools) {
    const fit = pool.servers.filter(({ admin, health }) => admin === 'ready' && health === 'up');
    const weight = fit.reduce((total, server) => total + server.weight, 0);
    const portion = (wanted * (shares[pool.name] ?? 0)) / 100;
    if (weight === 0) unserved += portion;
    const servers = {};
    for (const server of pool.servers) {
      servers[server.name] = fit.includes(server) ? serverPoint(service, server, second, (portion * server.weight) / weight) : { ...NOTHING };
    }
    pools[pool.name] = { ...poolPoint(Object.values(servers)), servers };
  }
  return { pools, own: { requests: Math.round(unserved), errors: Math.round(unserved) } };
}

const KEYS = ['requests', 'errors', 'p50', 'p95', 'p99'];
const column = (points, keys = KEYS) => Object.fromEntries(keys.map((key) => [key, points.map((point) => point[key])]));

// The past as columns; `sharesAt(second)`.
export function past(service, endsAt, steps, step, sharesAt) {
  const seconds = Array.from({ length: steps }, (_, at) => endsAt - (steps - 1 - at) * step);
  const points = seconds.map((second) => {
    const point = pointsAt(service, second, sharesAt(second));
    return step === 1 ? point : scaled(point, step);
  });
  const pools = {};
  for (const pool of service.pools) {
    const servers = {};
    for (const server of pool.servers) servers[server.name] = column(points.slice(-60).map((point) => point.pools[pool.name].servers[server.name]));
    pools[pool.name] = { ...column(points.map((point) => point.pools[pool.name])), servers };
  }
  return { pools, own: column(points.map(({ own }) => own), ['requests', 'errors']) };
}

function scaled(point, step) {
  for (const each of [point.own, ...Object.values(point.pools)]) {
    each.requests *= step;
    each.errors *= step;
  }
  return point;
}
