// A letter, a hatch and a colour for each pool of a service; blue and green have theirs by name, others by place.
const HUES = ['blue', 'green', 'purple', 'sky', 'sand'] as const;
const HATCHES = ['rising', 'falling', 'level', 'upright', 'dots'] as const;

export interface PoolLook {
  letter: string;
  hue: (typeof HUES)[number];
  hatch: (typeof HATCHES)[number];
}

export function poolLooks(names: string[]): Record<string, PoolLook> {
  const byName = (name: string) => HUES.findIndex((hue, at) => at < 2 && hue === name.toLowerCase());
  const taken = new Set(names.map(byName));
  const free = HUES.map((_, at) => at).filter((at) => !taken.has(at));
  const looks: Record<string, PoolLook> = {};
  const letters = new Set<string>();
  names.forEach((name, place) => {
    const own = byName(name);
    const at = own >= 0 ? own : (free.shift() ?? place % HUES.length);
    const first = name.charAt(0).toUpperCase();
    const letter = letters.has(first) ? String(place + 1) : first;
    letters.add(letter);
    looks[name] = { letter, hue: HUES[at] ?? 'blue', hatch: HATCHES[at] ?? 'rising' };
  });
  return looks;
}
