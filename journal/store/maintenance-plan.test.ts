import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type BacklogView, type MaintenanceView, nextStep } from './maintenance-plan.ts';
import { defaultStoreSettings } from './settings.ts';

const full = defaultStoreSettings.segmentBytes;

/** Segments 5 to 8, of which 8 is being written; nothing is to be done. */
const quiet: MaintenanceView = {
  segments: [6, 7, 8].map((number) => ({ number, usedBytes: full })),
  firstSegment: 6,
  checkpointSegment: 6,
  neededSegment: Number.POSITIVE_INFINITY,
  isRoomAmple: true,
  isIdle: false,
  isDeserted: false,
  garbageBytes: 0,
  backlog: [],
  settings: { ...defaultStoreSettings, unsettledBytes: 2 * full },
};
const five = [5, 6, 7, 8].map((number) => ({ number, usedBytes: full }));

/** A backlog file of so many MiB, of whose items this share is alive. */
function file(number: number, mebibytes: number, share: number): BacklogView {
  return { number, bytes: mebibytes * 1024 * 1024, items: 1000, live: share * 1000 };
}

/** A backlog file of items of 16 bytes, of which this share is alive. */
function ofShortItems(number: number, share: number): BacklogView {
  const items = 4 * 1024 * 1024;
  return { number, bytes: items * 16, items, live: share * items };
}

function small(count: number): BacklogView[] {
  return Array.from({ length: count }, (_, index) => file(index + 1, 4, 1));
}

const cases: [string, Partial<MaintenanceView>, ReturnType<typeof nextStep>][] = [
  ['within all bounds: nothing', {}, { kind: 'nothing' }],
  ['no segment at all: nothing', { segments: [] }, { kind: 'nothing' }],
  [
    'too much unsettled: the oldest is settled',
    { segments: five, firstSegment: 5, checkpointSegment: 5 },
    { kind: 'settle', segment: 5 },
  ],
  [
    'room is scarce: the oldest is settled, however little there is',
    { isRoomAmple: false },
    { kind: 'settle', segment: 6 },
  ],
  [
    'nothing alive, and nothing written for long: the oldest is settled',
    { isDeserted: true },
    { kind: 'settle', segment: 6 },
  ],
  [
    'the segment being written is never settled',
    { isRoomAmple: false, segments: [{ number: 8, usedBytes: full }] },
    { kind: 'nothing' },
  ],
  ['settled and in a checkpoint: given back', { segments: five }, { kind: 'release', through: 5 }],
  ['… but for what a reader needs', { segments: five, neededSegment: 5 }, { kind: 'nothing' }],
  [
    '… up to what a reader needs',
    { segments: five, firstSegment: 8, checkpointSegment: 8, neededSegment: 7 },
    { kind: 'release', through: 6 },
  ],
  [
    'settled, and the checkpoint failed: only that, again',
    { segments: five, checkpointSegment: 5, isRoomAmple: false },
    { kind: 'checkpoint' },
  ],
  [
    'all is settled: the one being written stays',
    { segments: five, firstSegment: 9, checkpointSegment: 9 },
    { kind: 'release', through: 7 },
  ],
  ['a little garbage can wait', { garbageBytes: 10 }, { kind: 'nothing' }],
  ['… until nothing is going on', { garbageBytes: 10, isIdle: true }, { kind: 'checkpoint' }],
  ['much garbage can not', { garbageBytes: defaultStoreSettings.garbageBytes + 1 }, { kind: 'checkpoint' }],
  ['idle without garbage: nothing', { isIdle: true }, { kind: 'nothing' }],
  [
    'files that waste much are compacted, the fuller ones are not',
    { backlog: [file(1, 64, 0.249), file(2, 64, 0.26), file(3, 64, 0.01)] },
    { kind: 'compact', files: [1, 3] },
  ],
  [
    'one of short items is when an entry for each that is left takes little, too',
    { backlog: [ofShortItems(1, 0.2), ofShortItems(2, 0.04)], isIdle: true },
    { kind: 'compact', files: [2] },
  ],
  ['what little one wastes can wait', { backlog: [file(1, 2, 0.1)] }, { kind: 'nothing' }],
  ['… until nothing is going on', { backlog: [file(1, 2, 0.1)], isIdle: true }, { kind: 'compact', files: [1] }],
  ['room comes first', { backlog: [file(1, 640, 0.1)], isRoomAmple: false }, { kind: 'settle', segment: 6 }],
  ['fifteen small files stay', { backlog: small(15) }, { kind: 'nothing' }],
  ['sixteen become one', { backlog: small(16) }, { kind: 'compact', files: small(16).map(({ number }) => number) }],
  [
    'not more than fill one file',
    { backlog: [file(1, 400, 0.1), file(2, 400, 0.1), file(3, 400, 0.1)] },
    { kind: 'compact', files: [1, 2] },
  ],
];

for (const [name, change, step] of cases) {
  test(name, () => assert.equal(nextStep({ ...quiet, ...change }), step));
}

test.run();
