// What an action would do, in facts, for the one who is asked to confirm it.
import type { AdminWord, Pool, Server, Service } from './contract';
import { counted, duration, secondsBetween } from './format';
import { poolOfEntry, splitWords } from './words';

function named(pool: Pool): string {
  return `${pool.name.toUpperCase()}${pool.label ? ` ${pool.label}` : ''}`;
}

function joinedPools(service: Service, split: string[]): string {
  const pools = split.flatMap((entry) => service.pools.filter((pool) => pool.name === poolOfEntry(entry)));
  return pools.map(named).join(' and ') || splitWords(split);
}

function newestCheck(pool: Pool, now: number): string {
  const ages = pool.servers.flatMap((server) => (server.check ? [secondsBetween(server.check.at, now)] : []));
  return ages.length > 0 ? `, checked ${duration(Math.min(...ages))} ago` : '';
}

export function switchFacts(service: Service, to: string[], now: number): string[] {
  const targets = service.pools.filter((pool) => to.some((entry) => poolOfEntry(entry) === pool.name));
  const leaving = service.pools.filter((pool) => pool.active && !targets.includes(pool));
  const inFlight = leaving.flatMap((pool) => pool.servers).reduce((sum, server) => sum + server.in_flight, 0);
  const share = to.some((entry) => entry.includes('=')) ? splitWords(to) : '100 %';
  const facts = [`Send ${share} of ${service.name} from ${joinedPools(service, service.split)} to ${joinedPools(service, to)}.`];
  for (const pool of targets) facts.push(`${pool.name}: ${pool.up} of ${pool.of} up${newestCheck(pool, now)}.`);
  if (leaving.length > 0) facts.push(`${counted(inFlight, 'exchange')} in flight will drain; new requests go to the new split at once.`);
  else facts.push('No pool stops serving, so nothing drains.');
  if (service.lock) facts.push(`The lock is held by ${service.lock.holder}: this will be refused.`);
  return facts;
}

export function rollbackFacts(service: Service, now: number): string[] {
  const { to, why } = service.rollback;
  if (!to) return [`There is nothing to undo: ${why}.`];
  const undone = `Undo revision ${service.revision}${service.by ? `, decided by ${service.by}` : ''}${service.reason ? ` ("${service.reason}")` : ''}.`;
  return [undone, ...switchFacts(service, to, now).filter((fact) => !fact.startsWith('The lock')),
    ...(service.lock ? [`A rollback does not wait for the lock that ${service.lock.holder} holds.`] : [])];
}

const EFFECTS: Record<AdminWord, string> = {
  ready: 'It is checked and takes requests when it is up.',
  drain: 'It gets no new requests; what is in flight finishes. Checks go on.',
  maint: 'It gets neither requests nor checks; what is in flight finishes.',
};

export function serverFacts(pool: Pool, server: Server, state: AdminWord): string[] {
  const others = pool.servers.filter((other) => other !== server && other.admin === 'ready' && other.health === 'up');
  const facts = [`${server.name} of ${pool.name} becomes ${state}. ${EFFECTS[state]}`];
  if (state !== 'ready') {
    facts.push(`${counted(server.in_flight, 'exchange')} in flight on it; ${counted(others.length, 'other server')} of ${pool.name} up.`);
    if (pool.active && others.length === 0) facts.push(`It is the last one that is up in ${pool.name}, which serves.`);
  }
  return facts;
}
