// Where the reader is: `#/`, `#/shop`, `#/shop/servers`, `#/shop/history`; and `?wall=1`.
import { computed, signal } from '@preact/signals';

export type Screen = 'live' | 'servers' | 'history';
export interface Place {
  service: string | null;
  screen: Screen;
}

function parsed(hash: string): Place {
  const [, service, screen] = hash.split('/').map(decoded);
  return { service: service || null, screen: screen === 'servers' || screen === 'history' ? screen : 'live' };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const hash = signal(location.hash);
window.addEventListener('hashchange', () => (hash.value = location.hash));

export const place = computed(() => parsed(hash.value));
export const isWall = new URLSearchParams(location.search).get('wall') === '1';

export function addressOf(service: string | null, screen: Screen = 'live'): string {
  if (service === null) return '#/';
  return `#/${encodeURIComponent(service)}${screen === 'live' ? '' : `/${screen}`}`;
}
