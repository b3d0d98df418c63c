// What the reader of the page may do. The daemon decides; the page only leaves out what it would refuse.
import type { Whoami } from './contract';

export function mayRelease(who: Whoami | null, service: string): boolean {
  return mayAct(who, service) && (who?.role === 'deployer' || who?.role === 'admin');
}

// Servers are taken out of use by those who may do everything.
export function mayTakeOut(who: Whoami | null, service: string): boolean {
  return mayAct(who, service) && who?.role === 'admin';
}

function mayAct(who: Whoami | null, service: string): boolean {
  return who !== null && who.actions && (who.services === null || who.services.includes(service));
}
