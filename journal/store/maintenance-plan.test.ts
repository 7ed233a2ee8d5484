import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type MaintenanceView, nextStep } from './maintenance-plan.ts';
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
  garbageBytes: 0,
  settings: { ...defaultStoreSettings, unsettledBytes: 2 * full },
};
const five = [5, 6, 7, 8].map((number) => ({ number, usedBytes: full }));

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
];

for (const [name, change, step] of cases) {
  test(name, () => assert.equal(nextStep({ ...quiet, ...change }), step));
}

test.run();
