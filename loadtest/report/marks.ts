import type { RunEvent, RunResult } from '../result.ts';

/** Shorter stalls are in the page's table alone: in charts they would be dust. */
const markedStallMs = 100;

/** What charts over time show beside their lines. Times are seconds of the run. */
export interface Marks {
  /** Numbered as in the page's list of faults. */
  readonly events: readonly { readonly number: number; readonly atSeconds: number; readonly tone: MarkTone }[];
  /** When a node was away: from a kill, a stop or a pause until it was back, or the run's end. */
  readonly outages: readonly { readonly fromSeconds: number; readonly toSeconds: number }[];
  readonly stalls: readonly { readonly fromSeconds: number; readonly toSeconds: number }[];
  readonly phases: readonly { readonly name: string; readonly fromSeconds: number }[];
}

/** `away`: a node goes. `back`: it returns. `note`: neither. */
export type MarkTone = 'away' | 'back' | 'note';

export function toneOf(kind: RunEvent['kind']): MarkTone {
  switch (kind) {
    case 'kill':
    case 'terminate':
    case 'pause':
      return 'away';
    case 'start':
    case 'resume':
      return 'back';
    case 'note':
      return 'note';
  }
}

/** Events in the order in which the page lists and numbers them. */
export function orderedEvents(result: RunResult): RunEvent[] {
  return [...result.events].sort((one, other) => one.atSeconds - other.atSeconds);
}

export function runSeconds({ phases, series }: RunResult): number {
  return Math.max(series.at(-1)?.atSeconds ?? 0, ...phases.map((phase) => phase.startSeconds + phase.seconds));
}

export function marksOf(result: RunResult): Marks {
  const events = orderedEvents(result);
  return {
    events: events.map(({ atSeconds, kind }, index) => ({ number: index + 1, atSeconds, tone: toneOf(kind) })),
    outages: outages(events, runSeconds(result)),
    stalls: result.stalls
      .filter(({ durationMs }) => durationMs >= markedStallMs)
      .map(({ atSeconds, durationMs }) => ({
        fromSeconds: atSeconds,
        toSeconds: atSeconds + durationMs / 1000,
      })),
    phases:
      result.phases.length < 2
        ? []
        : result.phases.map((phase) => ({ name: phase.name, fromSeconds: phase.startSeconds })),
  };
}

/** An event of no single node concerns all of them, and counts as one more. */
function outages(events: readonly RunEvent[], endSeconds: number): Marks['outages'] {
  const awaySince = new Map<number | null, number>();
  const found: { fromSeconds: number; toSeconds: number }[] = [];
  for (const { kind, node, atSeconds } of events) {
    const tone = toneOf(kind);
    if (tone === 'away' && !awaySince.has(node)) awaySince.set(node, atSeconds);
    if (tone !== 'back') continue;
    const fromSeconds = awaySince.get(node);
    if (fromSeconds !== undefined) found.push({ fromSeconds, toSeconds: atSeconds });
    awaySince.delete(node);
  }
  for (const fromSeconds of awaySince.values()) found.push({ fromSeconds, toSeconds: endSeconds });
  return found;
}
