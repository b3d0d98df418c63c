// A share for each pool, in percent.
import { useEffect, useState } from 'preact/hooks';
import type { Service } from '../model/contract';
import { splitOf, withShare } from '../model/split';

export function SplitChoice({ service, onChange }: { service: Service; onChange: (split: string[]) => void }) {
  const [shares, setShares] = useState<Record<string, string>>(() => Object.fromEntries(service.pools.map(({ name, share }) => [name, String(share)])));
  useEffect(() => onChange(splitOf(shares)), [shares]);
  return (
    <fieldset class="fields is-shares">
      <legend>Share of new requests, in percent</legend>
      {service.pools.map(({ name }) => (
        <label key={name}>
          {name}
          <input type="number" min={0} max={100} step={1} inputMode="numeric" value={shares[name]} onInput={(event) => setShares(withShare(shares, name, event.currentTarget.value))} />
        </label>
      ))}
    </fieldset>
  );
}
