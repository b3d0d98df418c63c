// A merge patch cannot say null: it takes the member away. What the contract calls nullable is null again here.
import type { Status } from './contract';

function restore<Of extends object>(object: Of, names: (keyof Of)[]) {
  for (const name of names) if (object[name] === undefined) object[name] = null as Of[keyof Of];
}

// In place: what a patch made is nobody else's, and what it left alone is whole already.
export function withNulls(status: Status): Status {
  for (const service of Object.values(status.services)) {
    restore(service, ['operation', 'lock']);
    restore(service.rollback, ['to']);
    if (service.operation) restore(service.operation, ['drain']);
    if (service.lock) restore(service.lock, ['expires_at']);
  }
  return status;
}
