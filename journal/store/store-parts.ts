import type { Clock } from '../base/clock.ts';
import type { Disk } from '../log/disk.ts';
import type { Journal } from '../log/journal.ts';
import type { BacklogReader } from './backlog-reader.ts';
import type { EntryReader } from './entry-reader.ts';
import type { SegmentUses } from './segment-uses.ts';
import type { StoreSettings } from './settings.ts';
import type { StoreState } from './state.ts';
import type { Turns } from './turns.ts';

/** What an open store is made of, for those who work on it in the background. */
export interface StoreParts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly sync: 'always' | 'never';
  readonly settings: StoreSettings;
  readonly state: StoreState;
  readonly journal: Journal;
  readonly uses: SegmentUses;
  readonly entries: EntryReader;
  readonly backlog: BacklogReader;
  readonly turns: Turns;
}
