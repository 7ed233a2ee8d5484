/** Damage at every place of a store: nothing may be lost, invented or deleted without a word. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readRow } from '../log/read-row.ts';
import { segmentHeaderBytes } from '../log/segment.ts';
import { type Judgement, judge } from '../testing/damage-judge.ts';
import { seededRandom } from '../testing/random.ts';
import type { SimDisk } from '../testing/sim-disk.ts';
import { type TinyStore, tinyStore } from '../testing/tiny-store.ts';
import { decodeCheckpoint } from './checkpoint.ts';

const random = seededRandom(1);
/** The last field of a segment's header ends there; what follows is blank. */
const headerFieldsBytes = 52;

/** Where what counts of a file ends: for a segment, what is vouched for or followed by another. */
async function ends({ disk }: TinyStore): Promise<Map<string, { vouched: number; written: number }>> {
  const found = new Map<string, { vouched: number; written: number }>();
  for (const name of disk.names()) {
    const bytes = name.endsWith('.spare') ? 0 : ((await disk.readWhole(name))?.length ?? 0);
    found.set(name, { vouched: bytes, written: bytes });
  }
  const { firstSegment } = decodeCheckpoint((await disk.readWhole('checkpoint')) as Buffer);
  const { segments } = await readRow(disk, 'journal', firstSegment, { written: () => {} });
  for (const { header, end } of segments) {
    const name = `journal/${String(header.number).padStart(16, '0')}.segment`;
    found.set(name, { vouched: end.unsyncedFrom, written: end.offset });
  }
  return found;
}

/** Makes the damage on a copy of the disk, and judges what comes of it. The model is as it was afterwards. */
async function tried(tiny: TinyStore, damaged: readonly string[], damage: (disk: SimDisk) => unknown) {
  const disk = tiny.disk.copy(random);
  await damage(disk);
  return judge({ ...tiny, model: tiny.model.copy() }, disk, damaged);
}

/** What a bit flipped or a cut at `offset` has to come to. */
function expected(name: string, offset: number, { vouched, written }: { vouched: number; written: number }): Judgement {
  if (offset >= written) return 'harmless';
  if (name.startsWith('backlog/')) return 'told';
  return offset < vouched ? 'refused' : 'cut';
}

/** The offset to try after this one: of long stretches that say nothing a few. */
function next(name: string, offset: number, written: number): number {
  const isBlank = name.endsWith('.segment') && offset >= headerFieldsBytes && offset < segmentHeaderBytes - 1;
  const isVoid = offset >= written;
  return offset + (isBlank || isVoid ? 397 : 1);
}

for (const end of ['closed', 'killed'] as const) {
  test(`a bit flipped at any byte of any file of a store that was ${end}`, async () => {
    const tiny = await tinyStore(end);
    for (const [name, place] of await ends(tiny)) {
      const bytes = (await tiny.disk.readWhole(name))?.length ?? 0;
      for (let offset = 0; offset < bytes; offset = next(name, offset, place.written)) {
        const bit = Math.floor(random() * 8);
        const judgement = await tried(tiny, [name], (disk) => disk.flipBit(name, offset, bit));
        const isClosing = end === 'closed' && offset >= place.vouched;
        const wanted = isClosing ? 'harmless' : expected(name, offset, place);
        assert.is(judgement, wanted, `bit ${bit} of byte ${offset} of ${name}`);
      }
    }
  });

  test(`any file cut at any byte of a store that was ${end}`, async () => {
    const tiny = await tinyStore(end);
    const places = await ends(tiny);
    const last = [...places.keys()].findLast((name) => name.endsWith('.segment'));
    for (const [name, place] of places) {
      for (let bytes = 0; bytes < place.written; bytes = next(name, bytes, place.written)) {
        const judgement = await tried(tiny, [name], (disk) => disk.truncate(name, bytes));
        // With the end of the last segment goes what vouched for the rest: the checkpoint alone says what has to be there.
        if (name === last && end === 'killed' && judgement === 'cut') continue;
        const isClosing = end === 'closed' && bytes >= place.vouched;
        assert.is(judgement, isClosing ? 'harmless' : expected(name, bytes, place), `${name} cut at ${bytes}`);
      }
    }
  });
}

test('whichever files are missing, in all combinations', async () => {
  const tiny = await tinyStore('closed');
  const names = tiny.disk.names();
  assert.ok(names.length < 10);
  for (let chosen = 1; chosen < 1 << names.length; chosen++) {
    const missing = names.filter((_, index) => ((chosen >> index) & 1) === 1);
    const counting = missing.filter((name) => !name.endsWith('.spare'));
    const judgement = await tried(tiny, counting, async (disk) => {
      for (const name of missing) await disk.remove(name);
    });
    const few = counting.length === 0 ? 'harmless' : 'refused';
    assert.is(judgement, missing.length === names.length ? 'new' : few, `without ${missing}`);
  }
});

test('any file with the content of any other', async () => {
  const tiny = await tinyStore('closed');
  for (const name of tiny.disk.names()) {
    for (const other of tiny.disk.names()) {
      if (name === other) continue;
      const content = (await tiny.disk.readWhole(other)) as Buffer;
      const judgement = await tried(tiny, [name], (disk) => disk.replace(name, content));
      const wanted = expected(
        name,
        0,
        name.endsWith('.spare') ? { vouched: 0, written: 0 } : { vouched: 1, written: 1 },
      );
      assert.is(judgement, wanted, `${other} in the place of ${name}`);
    }
  }
});

test('every earlier checkpoint in the place of the last one', async () => {
  const earlier: Buffer[] = [];
  const tiny = await tinyStore('closed', (checkpoint) => earlier.push(checkpoint));
  const judgements = new Map<Judgement, number>();
  for (const checkpoint of earlier) {
    const judgement = await tried(tiny, [], (disk) => disk.replace('checkpoint', checkpoint));
    judgements.set(judgement, (judgements.get(judgement) ?? 0) + 1);
  }
  assert.equal([...judgements.keys()].sort(), ['harmless', 'refused']);
});

test.run();
