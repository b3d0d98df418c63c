// Numbers, durations and times as people read them. Numbers in columns keep their width: a thin space every three digits.

const THIN = '\u202f';

export function grouped(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, THIN);
}

export function rate(perSecond: number): string {
  if (perSecond > 0 && perSecond < 9.95) return perSecond.toFixed(1);
  if (perSecond < 100_000) return grouped(perSecond);
  return perSecond < 1e6 ? `${grouped(perSecond / 1000)}k` : `${(perSecond / 1e6).toFixed(1)}M`;
}

export function milliseconds(value: number | null): string {
  if (value === null) return '–';
  if (value < 9.95) return value.toFixed(1);
  return value < 10_000 ? grouped(value) : `${grouped(value / 1000)}k`;
}

// A power of ten on an axis.
export function decade(value: number): string {
  return value < 1 ? String(value) : value < 10_000 ? grouped(value) : `${grouped(value / 1000)}k`;
}

// Never rounds errors away: what is above zero never reads as zero, and what is not all never as all.
export function percent(share: number | null): string {
  if (share === null) return '–';
  if (share === 0) return '0';
  if (share < 0.0001) return '<0.01';
  if (share < 0.1) return (share * 100).toFixed(2);
  return share < 1 && share >= 0.9995 ? '>99.9' : (share * 100).toFixed(share < 0.9995 ? 1 : 0);
}

export function duration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return s < 600 && s % 60 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${Math.floor(s / 60)} min`;
  if (s < 86_400) return s % 3600 >= 60 ? `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min` : `${s / 3600 | 0} h`;
  return `${Math.floor(s / 86_400)} d`;
}

export function secondsBetween(from: string, nowSeconds: number): number {
  return Math.max(0, nowSeconds - Date.parse(from) / 1000);
}

const two = (value: number) => String(value).padStart(2, '0');

export function clock(at: Date): string {
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

export function clockMinutes(at: Date): string {
  return `${two(at.getHours())}:${two(at.getMinutes())}`;
}

// Of an axis: to the second where two of them lie in one minute.
export function clockTicks(seconds: number[]): string[] {
  const isFine = seconds.some((at, i) => i > 0 && at - seconds[i - 1]! < 60);
  return seconds.map((at) => (isFine ? clock : clockMinutes)(new Date(at * 1000)));
}

export function day(at: Date): string {
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

// With the day where it is not today's.
export function moment(at: Date, now: Date): string {
  return day(at) === day(now) ? clock(at) : `${day(at)} ${clock(at)}`;
}

// The zone of all times on the page: `UTC`, `UTC+1`, `UTC−3:30`.
export function zone(offsetMinutes: number): string {
  if (offsetMinutes === 0) return 'UTC';
  const ahead = -offsetMinutes;
  const minutes = Math.abs(ahead) % 60;
  return `UTC${ahead > 0 ? '+' : '−'}${Math.floor(Math.abs(ahead) / 60)}${minutes ? `:${two(minutes)}` : ''}`;
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

export function shortened(text: string, length: number): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  return flat.length <= length ? flat : `${flat.slice(0, length - 1)}…`;
}
