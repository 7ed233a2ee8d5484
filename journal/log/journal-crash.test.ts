import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { seededRandom } from '../testing/random.ts';
import { type RecordedEntry, Recorder } from '../testing/recorder.ts';
import { SimClock } from '../testing/sim-clock.ts';
import { SimDisk } from '../testing/sim-disk.ts';
import { WatchedDisk } from '../testing/watched-disk.ts';
import { Journal, type JournalOptions } from './journal.ts';
import { segmentHeaderBytes } from './segment.ts';

/** What must be true of a journal over any number of crashes, as a list of entries. */
class Model {
  /** Everything appended and not lost by a crash that was allowed to lose it. */
  appended: { sequence: number; body: string }[] = [];
  /** As far as the sink was told that it is durable. */
  durable = 0;
  /** Segment of each entry written. */
  segments: number[] = [];
  /** The oldest segment that is needed. */
  firstSegment = 0;

  /** The entries recovered are what was written from the oldest needed segment on, as far as some point past `floor`. */
  checkRecovered(recovered: readonly RecordedEntry[], floor: number): void {
    const start = this.segments.findIndex((segment) => segment >= this.firstSegment);
    const from = start < 0 ? this.segments.length : start;
    const end = from + recovered.length;
    assert.ok(end <= this.appended.length, 'nothing is invented');
    assert.ok(end >= floor, `durable up to ${floor}, recovered up to ${end}`);
    for (const [index, { sequence, body }] of recovered.entries()) {
      assert.equal({ sequence, body }, this.appended[from + index]);
    }
    this.appended.length = end;
    this.segments = [...this.segments.slice(0, from), ...recovered.map(({ segment }) => segment)];
    this.durable = end;
  }
}

interface Scenario {
  sync: 'always' | 'never';
  seed: number;
  crashes: number;
}

/** One node's journal through many lives: appends, waits, releases at random, and crashes anywhere. */
async function live({ sync, seed, crashes }: Scenario): Promise<string> {
  const random = seededRandom(seed);
  const pick = (below: number) => Math.floor(random() * below);
  const clock = new SimClock({ wallStartMs: 0 });
  let disk = new SimDisk({ clock, operationMs: 0.3, syncMs: 1, random, writeBackChance: 0.05 });
  const model = new Model();
  let story = '';
  let lastCrash: 'power' | 'process' = 'process';
  for (let life = 0; life <= crashes; life++) {
    const options: JournalOptions = {
      disk,
      clock,
      folder: 'journal',
      segmentBytes: segmentHeaderBytes + 6000,
      maxBatchBytes: 2500,
      sync,
      spareSegments: 1 + pick(2),
      limitBytes: 40 * (segmentHeaderBytes + 6000),
    };
    const sink = new Recorder();
    const opening = Journal.open(options, model.firstSegment, sink);
    if (random() < 0.2) {
      // A crash during recovery must change nothing that the next recovery sees.
      await clock.runFor(random() * 12);
      lastCrash = random() < 0.5 ? 'power' : 'process';
      disk.crash(lastCrash);
      disk = disk.reopen();
      story += 'r';
      if (lastCrash === 'power' && sync === 'never') model.durable = Math.min(model.durable, syncedByRotation(model));
      continue;
    }
    const journal = await clock.complete(opening);
    model.checkRecovered(sink.entries, model.durable);
    story += `[${sink.entries.length}]`;
    const steps = pick(60);
    let written = model.appended.length;
    sink.onWritten = (entry) => {
      assert.is(entry.body, model.appended[written]?.body);
      model.segments[written++] = entry.segment;
    };
    for (let step = 0; step < steps; step++) {
      const chance = random();
      if (chance < 0.66 && journal.room !== 'none') {
        // Some fill much of a segment, so that the next begins soon.
        const body = `${model.appended.length}:${'abcdefgh'.repeat(pick(random() < 0.15 ? 700 : 20))}`;
        const sequence = model.appended.length + 1;
        const at = journal.begin(3, body.length);
        journal.buffer.write(body, at, 'latin1');
        journal.seal(3, 1, sequence, 2);
        model.appended.push({ sequence, body });
      } else if (chance < 0.86) {
        await clock.runFor(random() * 3);
      } else if (chance < 0.9 && journal.segments.length > 1) {
        // As a settled checkpoint would: what is released must be durable, and is not asked for again.
        const released = journal.segments[pick(journal.segments.length - 1)]?.number ?? 0;
        model.firstSegment = released + 1;
        void journal.release(released);
      }
      for (const ends of sink.durables.splice(0)) model.durable = ends.get(3) ?? model.durable;
    }
    assert.equal(sink.failures, []);
    if (random() < 0.15) {
      await clock.complete(journal.close());
      model.durable = model.appended.length;
    }
    lastCrash = random() < 0.6 ? 'power' : 'process';
    disk.crash(lastCrash);
    disk = disk.reopen();
    if (lastCrash === 'power' && sync === 'never') model.durable = Math.min(model.durable, syncedByRotation(model));
    story += lastCrash;
  }
  return story;
}

/** With 'never', power may take back all of the segment being written, not the ones before it. */
function syncedByRotation(model: Model): number {
  const last = model.segments.at(-1) ?? 0;
  return model.segments.indexOf(last);
}

for (const sync of ['always', 'never'] as const) {
  test(`sync ${sync}: crashes lose nothing durable, invent and reorder nothing`, async () => {
    for (let seed = 1; seed <= 100; seed++) await live({ sync, seed, crashes: 8 });
  });
}

test('one seed is one history', async () => {
  const scenario: Scenario = { sync: 'always', seed: 4711, crashes: 12 };
  assert.is(await live(scenario), await live(scenario));
});

test('a crash at every step of writing, rotating, recycling and removing spares loses nothing durable', async () => {
  for (const kind of ['power', 'process'] as const) {
    for (let steps = 1; ; steps++) {
      if (!(await crashAfter(steps, kind))) break;
    }
  }
});

/** Runs a fixed course of a journal for so many steps of the clock, then crashes it; false when the course had ended. */
async function crashAfter(steps: number, kind: 'power' | 'process'): Promise<boolean> {
  const clock = new SimClock({ wallStartMs: 0 });
  const random = seededRandom(steps);
  const disk = new SimDisk({ clock, operationMs: 1, syncMs: 1, random });
  const sink = new Recorder();
  let removing = () => {};
  const watched = new WatchedDisk(disk, (operation, name) => {
    if (operation === 'remove' && name.endsWith('.spare')) removing();
  });
  const options: JournalOptions = {
    disk: watched,
    clock,
    folder: 'journal',
    segmentBytes: segmentHeaderBytes + 4096,
    maxBatchBytes: 2048,
    sync: 'always',
    spareSegments: 1,
    limitBytes: 20 * (segmentHeaderBytes + 4096),
  };
  const appended: string[] = [];
  let firstSegment = 0;
  let ended = false;
  const course = async () => {
    const journal = await Journal.open(options, 0, sink);
    for (let round = 0; round < 12; round++) {
      for (let count = 0; count < 5; count++) {
        const body = `${round}/${count} ${'x'.repeat(350)}`;
        const at = journal.begin(1, body.length);
        journal.buffer.write(body, at, 'latin1');
        appended.push(body);
        journal.seal(1, 1, appended.length, 2);
      }
      await journal.flushed();
      const [oldest] = journal.segments;
      if (journal.segments.length > 2 && oldest !== undefined) {
        firstSegment = oldest.number + 1;
        await journal.release(oldest.number);
      }
      // It is quiet until spares are being removed, and segments are filled meanwhile; then until all are gone.
      if (round === 4 || round === 9) await new Promise<void>((resolve) => (removing = resolve));
      if (round === 9) await new Promise<void>((resolve) => clock.schedule(1000, resolve));
    }
    await journal.close();
    ended = true;
  };
  void course();
  await clock.settle();
  for (let step = 0; step < steps && clock.step(); step++) await clock.settle();
  disk.crash(kind);
  const durable = Math.max(0, ...sink.durables.map((ends) => ends.get(1) ?? 0));
  const kept = sink.entries.filter(({ segment }) => segment < firstSegment).length;
  const replayed = new Recorder();
  const again = await clock.complete(Journal.open({ ...options, disk: disk.reopen() }, firstSegment, replayed));
  await clock.complete(again.close());
  const end = kept + replayed.entries.length;
  assert.ok(end >= durable, `${kind} after ${steps} steps: durable ${durable}, recovered ${end}`);
  assert.equal(replayed.bodies(), appended.slice(kept, end), `${kind} after ${steps} steps`);
  return !ended;
}

test.run();
