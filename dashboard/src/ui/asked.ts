// What the reader asked for and has not confirmed or closed yet.
import { signal } from '@preact/signals';
import type { AdminWord } from '../model/contract';

export type Asked =
  | { kind: 'switch'; service: string; to: string[] }
  | { kind: 'split'; service: string }
  | { kind: 'rollback'; service: string }
  | { kind: 'server'; service: string; pool: string; server: string; state: AdminWord };

export const asked = signal<Asked | null>(null);
