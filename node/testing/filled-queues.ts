import type { OwnSettings } from '../queues/queue-settings.ts';
import { QueueHarness } from './queue-harness.ts';

/** Sets items of which each expires after so long, 0 never. */
export function fill(at: QueueHarness, queue: string, ...livesMs: number[]): void {
  for (const [index, lifeMs] of livesMs.entries()) {
    at.set(queue, String(index + 1), { expiresAtMs: lifeMs === 0 ? 0 : at.clock.wallMs() + lifeMs });
  }
  at.commit();
}

/** A leader that finds in its log what another has filled `work` with; nothing of it is in memory. */
export function successor(settings: OwnSettings, ...livesMs: number[]): QueueHarness {
  const before = new QueueHarness();
  fill(before, 'work', ...livesMs);
  return new QueueHarness(settings, {}, before.log);
}

export function stored(at: QueueHarness): number[] {
  return [...(at.log.queues.get('work')?.items.keys() ?? [])];
}

export function removals(at: QueueHarness): string[] {
  return at.log.entries.filter((entry) => entry.startsWith('remove'));
}
