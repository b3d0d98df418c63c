// The command of `tealgate` that does the same, ready to be pasted into a shell.
import type { AdminWord } from './contract';

export interface Order {
  service: string;
  reason?: string;
  label?: string;
}

export function quoted(text: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function flags(order: Order): string {
  return [
    order.label ? ` --label ${quoted(order.label)}` : '',
    order.reason ? ` --reason ${quoted(order.reason)}` : '',
  ].join('');
}

export function switchCommand(order: Order, to: string[]): string {
  return `tealgate switch -s ${quoted(order.service)} ${to.map(quoted).join(' ')}${flags(order)}`;
}

export function rollbackCommand(order: Order): string {
  return `tealgate rollback -s ${quoted(order.service)}${flags(order)}`;
}

const VERBS: Record<AdminWord, string> = { ready: 'ready', drain: 'drain', maint: 'maint' };

export function serverCommand(order: Order, pool: string, server: string, state: AdminWord): string {
  return `tealgate ${VERBS[state]} ${quoted(`${order.service}/${pool}/${server}`)}${flags(order)}`;
}
