// What the daemon says, as docs/control-api.md has it. Only what the page reads.

export type PoolStateWord = 'ok' | 'degraded' | 'down' | 'off';
export type AdminWord = 'ready' | 'drain' | 'maint';
export type HealthWord = 'up' | 'down' | 'unknown';
export type RoleWord = 'none' | 'viewer' | 'deployer' | 'admin';

export interface Check {
  what: string;
  ok: boolean;
  status: number;
  latency_ms: number;
  error: string;
  body: string;
  at: string;
  since: string;
  streak: number;
}

export interface Server {
  name: string;
  address: string;
  weight: number;
  admin: AdminWord;
  health: HealthWord;
  in_flight: number;
  streams: number;
  failures: number;
  check: Check | null;
}

export interface Pool {
  name: string;
  share: number;
  active: boolean;
  state: PoolStateWord;
  label: string;
  up: number;
  of: number;
  servers: Server[];
}

export interface Drain {
  drained: boolean;
  finished: number;
  left: number;
  left_streams: number;
  cut: { http: number; stream: number };
  took_ms: number;
  deadline_ms: number;
}

export interface Operation {
  id: string;
  kind: 'switch' | 'rollback' | 'server';
  service: string;
  phase: 'waiting' | 'gating' | 'deciding' | 'adopting' | 'draining' | 'finished' | 'refused';
  by: string;
  reason: string;
  label: string;
  from: string[];
  to: string[];
  revision: number;
  began_at: string;
  drain: Drain | null;
}

export interface Lock {
  holder: string;
  reason: string;
  since: string;
  expires_at: string | null;
}

export interface Rollback {
  to: string[] | null;
  possible: boolean;
  why: string;
}

export interface Service {
  name: string;
  state: 'ok' | 'degraded' | 'down';
  revision: number;
  split: string[];
  shares: Record<string, number>;
  active: string[];
  idle: string[];
  since: string;
  by: string;
  reason: string;
  label: string;
  operation: Operation | null;
  lock: Lock | null;
  rollback: Rollback;
  pools: Pool[];
}

export interface Status {
  version: string;
  pid: number;
  started_at: string;
  generation: number;
  config: { path: string; loaded_at: string; warnings: unknown[] };
  workers: number;
  listening: string[];
  in_flight: number;
  finished: number;
  client_connections: number;
  services: Record<string, Service>;
}

// Columns of equal length, oldest first; latencies are ms, null where nothing was asked.
export interface Columns {
  requests: number[];
  errors: number[];
  p50: (number | null)[];
  p95: (number | null)[];
  p99: (number | null)[];
}
export type OwnColumns = Pick<Columns, 'requests' | 'errors'>;
export type Figures<Of, Own> = Record<
  string,
  { pools: Record<string, Of & { servers?: Record<string, Of> }>; own?: Own }
>;
export interface FiguresAnswer {
  step_s: number;
  ends_at: number;
  services: Figures<Columns, OwnColumns>;
}

export interface Point {
  requests: number;
  errors: number;
  p50: number | null;
  p95: number | null;
  p99: number | null;
}
export type OwnPoint = Pick<Point, 'requests' | 'errors'>;

export interface DaemonEvent {
  id: string;
  at: string;
  event: string;
  level: 'info' | 'warning' | 'error';
  service?: string;
  pool?: string;
  server?: string;
  operation?: string;
  by?: string;
  reason?: string;
  message?: string;
  label?: string;
  from?: string[];
  to?: string[];
}

export interface Snapshot {
  status: Status;
  figures: FiguresAnswer;
  events: DaemonEvent[];
  resumed: boolean;
}

export interface Tick {
  at: number;
  status?: unknown;
  figures?: { services: Figures<Point, OwnPoint> };
}

export interface Whoami {
  name: string | null;
  role: RoleWord;
  services: string[] | null;
  actions: boolean;
}

export interface ServerComplaint {
  pool?: string;
  server?: string;
  address?: string;
  check?: string;
  up?: boolean;
  status?: number;
  latency_ms?: number;
  error?: string;
  body?: string;
  since_ms?: number;
}

export interface CommandError {
  code: string;
  exit: number;
  message: string;
  details?: ServerComplaint[];
  hint?: string;
}

export interface ActionResult {
  ok: boolean;
  error?: CommandError;
  changed?: boolean;
  from?: string[];
  to?: string[];
  state?: string;
  server?: string;
  revision?: number;
  gate?: string;
  took_ms?: number;
  drain?: Drain | null;
  superseded?: boolean;
}

export interface HistoryEntry {
  at: string;
  event: string;
  service?: string;
  operation?: string;
  kind?: string;
  pool?: string;
  server?: string;
  by?: string;
  reason?: string;
  label?: string;
  from?: string[];
  to?: string[];
  revision?: number;
  gate?: string;
  drain?: Drain | null;
  verdict?: string;
  error?: CommandError;
}
