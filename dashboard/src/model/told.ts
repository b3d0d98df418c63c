// An event in the page's words: the daemon's sentence without what stands around it anyway (the service, who did it and why).
import type { DaemonEvent } from './contract';

export interface Told {
  what: string;
  doer: string; // "by ci: release v2", or nothing
  isRelease: boolean; // traffic moved
}

export function told(event: DaemonEvent): Told {
  const doer = `${event.by ? `by ${event.by}` : ''}${event.reason ? `: ${event.reason}` : ''}`;
  let what = event.message ?? event.event;
  for (const around of event.service ? [`${event.service}: `, `${event.service}/`] : []) {
    if (what.startsWith(around)) what = what.slice(around.length);
  }
  if (doer && what.endsWith(` ${doer}`)) what = what.slice(0, -doer.length - 1);
  const isOver = /\.(done|rolled_back|interrupted)$/.test(event.event); // who it was stood where it began
  return { what, doer: isOver ? '' : doer, isRelease: /^(switch|rollback)\.decided$/.test(event.event) };
}
