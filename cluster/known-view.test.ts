import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WindhoverError } from '../journal/base/errors.ts';
import type { Directory, Listing } from './directory/directory.ts';
import { KnownView } from './known-view.ts';
import { type PartitionRecord, partitionKey, settingsKey } from './partition-map.ts';

const down = new WindhoverError('unavailable', 'no answer');

function record(epoch: number): PartitionRecord {
  return { partition: 0, epoch, leader: 'a', inSync: ['a'], replicas: ['a'] };
}

/** A directory with one partition, whose record has that epoch and was set at that revision. */
function listing(revision: number, epoch: number): Listing {
  return { revision, entries: [{ key: partitionKey(0), value: JSON.stringify(record(epoch)), version: revision }] };
}

/** A view of a directory that is the test. */
class Stage {
  readonly told: string[] = [];
  answer: Listing | WindhoverError = down;
  /** What the journal has seen. */
  mapRevision = 0;
  changed!: (listing: Listing) => void;
  failed!: (error: unknown) => void;
  readonly known: KnownView;

  constructor() {
    const say = (message: string): number => this.told.push(message);
    const directory: Pick<Directory, 'list' | 'watch'> = {
      list: async () => {
        if (this.answer instanceof WindhoverError) throw this.answer;
        return this.answer;
      },
      watch: (_prefix, changed, failed) => {
        this.changed = changed;
        this.failed = failed;
        return { close: () => say('the watch is closed') };
      },
    };
    const stage = this;
    this.known = new KnownView({
      directory,
      store: {
        room: 'ample',
        get mapRevision() {
          return stage.mapRevision;
        },
        sawMapRevision(revision) {
          stage.mapRevision = revision;
        },
      },
      log: { info: say, warn: say, error: say },
      settingsChanged: (value) => say(`settings ${value}`),
      changed: ({ revision }) => say(`revision ${revision}`),
    });
    this.known.watch();
  }

  get epoch(): number | undefined {
    return this.known.view.partitions.get(0)?.record.epoch;
  }
}

test('an outage is told once, and its end', async () => {
  const stage = new Stage();
  stage.failed(down);
  assert.is(await stage.known.look(), false);
  stage.changed(listing(3, 1));
  stage.changed(listing(4, 2));
  assert.equal(stage.told, [
    'the directory does not answer',
    'the directory answers again',
    'revision 3',
    'revision 4',
  ]);
  assert.is(stage.mapRevision, 4);
});

test('a directory that has gone back is not believed until it is what it was', async () => {
  const stage = new Stage();
  stage.changed(listing(7, 2));
  stage.told.length = 0;
  stage.answer = listing(6, 1);
  assert.ok(await stage.known.look());
  stage.changed(listing(6, 1));
  assert.equal([stage.known.wentBack, stage.epoch], [true, 2]);
  assert.equal(stage.told, ['the directory has gone back in time: it must be restored before this node serves again']);
  stage.changed(listing(7, 2));
  assert.not.ok(stage.known.wentBack);
});

test('an answer that comes later than a newer view changes nothing', async () => {
  const stage = new Stage();
  stage.answer = listing(5, 1);
  const looked = stage.known.look();
  stage.changed(listing(6, 2));
  assert.ok(await looked);
  assert.equal([stage.epoch, stage.known.wentBack, stage.told], [2, false, ['revision 6']]);
});

test('a record that was heard of before its listing stays', () => {
  const stage = new Stage();
  stage.known.learn({ record: record(9), version: 9 });
  stage.changed(listing(8, 8));
  assert.is(stage.epoch, 9);
});

test('settings are told when they change, and before what else does', () => {
  const stage = new Stage();
  const settings = (revision: number, version: number): Listing => ({
    revision,
    entries: [{ key: settingsKey, value: `of ${version}`, version }],
  });
  stage.changed(settings(1, 1));
  stage.changed(settings(2, 1));
  stage.changed(settings(3, 3));
  stage.changed({ revision: 4, entries: [] });
  assert.equal(
    stage.told.filter((line) => line.startsWith('settings')),
    ['settings of 1', 'settings of 3', 'settings undefined'],
  );
  assert.is(stage.told[0], 'settings of 1');
});

test('nothing is told once it is closed', () => {
  const stage = new Stage();
  stage.known.close();
  stage.changed(listing(1, 1));
  assert.equal(stage.told, ['the watch is closed']);
});

test.run();
