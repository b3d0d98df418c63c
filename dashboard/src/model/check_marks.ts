// The last checks of a server as marks, oldest first. The daemon tells the newest result and how many equal ones ended
// with it; the page remembers what it saw since it was opened. What nobody knows is left out.
import type { Check } from './contract';

export const MARKS = 10;

export interface Marks {
  seenAt: string;
  streak: number;
  results: boolean[];
}

export function follow(marks: Marks | undefined, check: Check | null): Marks | undefined {
  if (check === null) return undefined;
  if (marks?.seenAt === check.at) return marks;
  const run = Array<boolean>(Math.min(check.streak, MARKS)).fill(check.ok);
  const results = [...beforeRun(marks, check), ...run].slice(-MARKS);
  return { seenAt: check.at, streak: check.streak, results };
}

// What was seen before the run of equal results that `check` ends.
function beforeRun(marks: Marks | undefined, check: Check): boolean[] {
  if (!marks) return [];
  const goesOn = marks.results.at(-1) === check.ok && check.streak > marks.streak;
  if (!goesOn) return marks.results;
  return marks.results.slice(0, marks.results.lastIndexOf(!check.ok) + 1);
}
