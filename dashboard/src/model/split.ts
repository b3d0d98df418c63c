// Shares as people type them, as the split that the daemon understands.

// Empty unless they are whole percentages that add up to 100.
export function splitOf(shares: Record<string, string>): string[] {
  const given = Object.entries(shares).map(([pool, text]) => ({ pool, percent: text.trim() === '' ? 0 : Number(text) }));
  if (given.some(({ percent }) => !Number.isInteger(percent) || percent < 0)) return [];
  if (given.reduce((sum, { percent }) => sum + percent, 0) !== 100) return [];
  const serving = given.filter(({ percent }) => percent > 0);
  return serving.length === 1 ? serving.map(({ pool }) => pool) : serving.map(({ pool, percent }) => `${pool}=${percent}`);
}

// With two pools, what one gives the other takes.
export function withShare(shares: Record<string, string>, pool: string, text: string): Record<string, string> {
  const next = { ...shares, [pool]: text };
  const others = Object.keys(shares).filter((name) => name !== pool);
  const percent = Number(text);
  const [other] = others;
  if (others.length === 1 && other && text.trim() !== '' && Number.isInteger(percent) && percent >= 0 && percent <= 100) next[other] = String(100 - percent);
  return next;
}
