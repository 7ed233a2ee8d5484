import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readU64 } from '../log/integers.ts';
import { chunkBytes } from '../log/lane.ts';
import { newItem } from '../testing/new-item.ts';
import {
  type BacklogFile,
  backlogHeaderBytes,
  backlogLayout,
  backlogMagic,
  backlogVersion,
  encodeBacklogHeader,
  newBacklogFile,
} from './backlog-file.ts';
import {
  checkpointLayout,
  checkpointMagic,
  checkpointName,
  checkpointVersion,
  decodeCheckpoint,
} from './checkpoint.ts';
import { encodeCheckpoint, encodeReplica, inOneGo } from './checkpoint-encoding.ts';
import {
  bodyLayouts,
  encodeOutline,
  encodeSnapshotEnd,
  fixedBytes,
  kinds,
  nodePartition,
  writeItemCount,
  writeItemHead,
  writeRemoval,
} from './entries.ts';
import { newExtent } from './extent.ts';
import { writeLength } from './item-list.ts';
import { keptEpochs, ReplicaState } from './replica.ts';
import { keptTokens } from './seen-tokens.ts';
import { QueueState } from './stored-queue.ts';

const document = readFileSync(new URL('../../docs/journal-format.md', import.meta.url), 'utf8');

type Layout = readonly (readonly [offset: number, bytes: number, name: string])[];

/** The cells of the rows of all tables under a heading, the headings of the columns aside. */
function rows(heading: string): string[][] {
  const start = document.indexOf(`\n## ${heading}\n`);
  assert.ok(start >= 0, `the document has a section "${heading}"`);
  const end = document.indexOf('\n#', start + 4);
  const lines = document.slice(start, end < 0 ? undefined : end).split('\n');
  return lines
    .filter((line, index) => line.startsWith('|') && !line.startsWith('|--') && !lines[index + 1]?.startsWith('|--'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

function layoutUnder(heading: string): Layout {
  return rows(heading)
    .filter(([offset]) => /^\d+$/.test(offset ?? ''))
    .map(([offset, bytes, name]) => [Number(offset), Number(bytes), name ?? ''] as const);
}

function text(heading: string): string {
  const start = document.indexOf(`\n## ${heading}\n`);
  return document.slice(start, document.indexOf('\n#', start + 4));
}

/** A field's value, where the layout says that it stands. */
function field(bytes: Buffer, layout: Layout, name: string): number {
  const row = layout.find((one) => one[2] === name);
  if (row === undefined) throw new Error(`no field ${name}`);
  return row[1] === 8 ? readU64(bytes, row[0]) : bytes.readUInt32LE(row[0]);
}

test('the kinds are those of the code', () => {
  assert.equal(Object.fromEntries(rows('Kinds').map(([number, name]) => [name, Number(number)])), kinds);
  assert.ok(text('Kinds').includes(`its partition is ${nodePartition}`));
});

test('the fields of bodies are those of the code, without gaps, and of the length that it counts with', () => {
  const documented: Record<string, [number, number, string][]> = {};
  for (const [kind, offset, bytes, name] of rows('Bodies')) {
    documented[kind as string] ??= [];
    if (name !== '') documented[kind as string]?.push([Number(offset), Number(bytes), name as string]);
  }
  assert.equal(documented, bodyLayouts);
  for (const [kind, layout] of Object.entries(bodyLayouts)) {
    let end = 0;
    for (const [offset, bytes] of layout) {
      assert.is(offset, end);
      end += bytes;
    }
    assert.is(fixedBytes[kind as keyof typeof fixedBytes], end, kind);
  }
});

test('bodies are encoded as the layouts say', () => {
  const item = Buffer.alloc(fixedBytes.itemAdded);
  writeItemHead(item, 0, 2 ** 40 + 1, newItem(2, item, { expiresAtMs: 3, addedAtMs: 4, flags: 0xfffffff5 }));
  const { itemAdded, itemsRemoved, snapshotQueue, snapshotEnded } = bodyLayouts;
  const names = ['queue', 'id', 'expiresAtMs', 'addedAtMs', 'flags'];
  assert.equal(
    names.map((name) => field(item, itemAdded, name)),
    [2 ** 40 + 1, 2, 3, 4, 0xfffffff5],
  );

  const items = Buffer.alloc(fixedBytes.itemsAdded + 5);
  writeItemHead(items, 0, 8, newItem(2 ** 41, items, { expiresAtMs: 3, addedAtMs: 4, flags: 5 }));
  writeItemCount(items, 0, 2);
  assert.is(writeLength(items, fixedBytes.itemsAdded, 300), fixedBytes.itemsAdded + 2);
  assert.equal(
    [...names, 'items'].map((name) => field(items, bodyLayouts.itemsAdded, name)),
    [8, 2 ** 41, 3, 4, 5, 2],
  );
  assert.equal(
    [...items.subarray(fixedBytes.itemsAdded)],
    [0xac, 0x02, 0, 0, 0],
    'seven bits a byte, the lowest first',
  );
  assert.ok(text('Bodies').includes(`at most\n${chunkBytes / 1024} KiB`));

  const removal = Buffer.alloc(fixedBytes.itemsRemoved + 32);
  writeRemoval(removal, 0, 7, [10, 11, 20, 2 ** 50]);
  assert.equal(
    ['queue', 'runs'].map((name) => field(removal, itemsRemoved, name)),
    [7, 2],
  );
  assert.equal(
    [12, 20, 28, 36].map((offset) => readU64(removal, offset)),
    [10, 11, 20, 2 ** 50],
  );

  const outline = encodeOutline({ number: 5, nextId: 9, firstId: 6, name: 'caf\xe9' });
  assert.equal(
    ['queue', 'nextId', 'firstId'].map((name) => field(outline, snapshotQueue, name)),
    [5, 9, 6],
  );
  assert.is(outline.toString('latin1', fixedBytes.snapshotQueue), 'caf\xe9');

  const ended = encodeSnapshotEnd({ sequence: 100, epochs: [{ epoch: 3, firstSequence: 77 }] });
  assert.equal(
    ['sequence', 'epochs'].map((name) => field(ended, snapshotEnded, name)),
    [100, 1],
  );
  assert.equal([ended.readUInt32LE(12), readU64(ended, 16), ended.length], [3, 77, 24]);
});

test("the backlog file's header is that of the code", () => {
  const layout = layoutUnder('Backlog file');
  assert.equal(layout, backlogLayout);
  const header = encodeBacklogHeader(2 ** 33);
  assert.equal(
    ['version', 'file'].map((name) => field(header, layout, name)),
    [backlogVersion, 2 ** 33],
  );
  assert.is(header.toString('latin1', 0, 8), backlogMagic);
  assert.is(backlogMagic, 'WHBKLOG\n');
  assert.ok(text('Backlog file').includes(`| version | ${backlogVersion};`));
  assert.ok(text('Backlog file').includes(`The first entry stands at offset ${backlogHeaderBytes}.`));
  assert.is(newBacklogFile(17).name, 'backlog/0000000000000017.backlog');
});

/** Reads what the document's table of types describes. */
class DocumentReader {
  readonly #types = rows('Checkpoint').filter(([of]) => !/^\d+$/.test(of ?? ''));
  readonly #bytes: Buffer;
  position: number;

  constructor(bytes: Buffer, position: number) {
    this.#bytes = bytes;
    this.position = position;
  }

  record(of: string): Record<string, unknown> {
    const fields = this.#types.filter((row) => row[0] === of);
    return Object.fromEntries(fields.map(([, name, type]) => [name, this.#value(type as string)]));
  }

  #value(type: string): unknown {
    const of = type.replace(/^list of /, '');
    if (of !== type) return Array.from({ length: this.#number(4) }, () => this.#value(of));
    if (type === 'text') {
      const bytes = this.#number(4);
      this.position += bytes;
      return this.#bytes.toString('latin1', this.position - bytes, this.position);
    }
    if (type === 'u32') return this.#number(4);
    return type === 'u64' ? this.#number(8) : this.record(type);
  }

  #number(bytes: 4 | 8): number {
    this.position += bytes;
    return bytes === 4 ? this.#bytes.readUInt32LE(this.position - 4) : readU64(this.#bytes, this.position - 8);
  }
}

function sampleReplica(): ReplicaState {
  const replica = new ReplicaState(21);
  Object.assign(replica, { state: 'receiving', lastSequence: 2 ** 41, lastEpoch: 6, highestEpoch: 7 });
  replica.epochs = [{ epoch: 6, firstSequence: 99 }];
  const queue = new QueueState(44, 'work', 1000, 10);
  queue.remove(20, 30);
  queue.remove(500, 501);
  queue.bytes = 12345;
  queue.settledThroughId = 600;
  const file = Object.assign(newBacklogFile(8), { bytes: 7000, items: 900 });
  queue.addExtent(Object.assign(newExtent(file, 1000, 9), { lastId: 600, bytes: 5000 }));
  replica.restoreQueue(queue);
  replica.tokens.add({ queue: 44, token: 'abc', seenAtMs: 0, untilMs: 2 ** 42 });
  return replica;
}

const place = { lastSegment: 5, lastOffset: 4096 };

test('a checkpoint can be read by what the document says', () => {
  const layout = layoutUnder('Checkpoint');
  assert.equal(layout, checkpointLayout);
  const named = new Set<BacklogFile>();
  const parts = [encodeReplica(sampleReplica(), place, named), encodeReplica(new ReplicaState(1), place, named)];
  const bytes = encodeCheckpoint(3, 9, 2 ** 35, named, parts.map(inOneGo));
  assert.is(bytes.toString('latin1', 0, 8), checkpointMagic);
  assert.is(checkpointMagic, 'WHCHECK\n');
  assert.ok(text('Checkpoint').includes(`| version | ${checkpointVersion};`));
  assert.ok(text('Checkpoint').includes(`The file \`${checkpointName}\``));
  assert.ok(text('Checkpoint').includes(`the latest ${keptEpochs} `));
  assert.ok(text('Bodies').includes(`the latest ${keptTokens} tokens`));
  assert.equal(
    ['version', 'firstSegment', 'nextFile', 'mapRevision', 'files', 'replicas'].map((name) =>
      field(bytes, layout, name),
    ),
    [checkpointVersion, 3, 9, 2 ** 35, 1, 2],
  );
  const reader = new DocumentReader(bytes, 48);
  assert.equal(reader.record('file'), { number: 8, bytes: 7000, items: 900 });
  const extent = { file: 8, offset: 1000, bytes: 5000, firstId: 9, lastId: 600 };
  const queue = { number: 44, name: 'work', nextId: 1000, firstId: 10, bytes: 12345, settledThroughId: 600 };
  assert.equal(reader.record('replica'), {
    partition: 21,
    state: 1,
    segment: 5,
    offset: 4096,
    lastSequence: 2 ** 41,
    lastEpoch: 6,
    highestEpoch: 7,
    epochs: [{ epoch: 6, firstSequence: 99 }],
    queues: [{ ...queue, removed: [20, 30, 500, 501], extents: [extent] }],
    tokens: [{ queue: 44, token: 'abc', untilMs: 2 ** 42 }],
  });
  const empty = { lastSequence: 0, lastEpoch: 0, highestEpoch: 0, epochs: [], queues: [], tokens: [] };
  assert.equal(reader.record('replica'), { partition: 1, state: 0, segment: 5, offset: 4096, ...empty });
  assert.is(reader.position, bytes.length);
});

test('a checkpoint of the version before is read', () => {
  const named = new Set<BacklogFile>();
  const replica = sampleReplica();
  replica.tokens.clear();
  const bytes = encodeCheckpoint(3, 9, 2 ** 35, named, [inOneGo(encodeReplica(replica, place, named))]);
  const before = bytes.subarray(0, bytes.length - 4); // where there was no count of tokens
  before.writeUInt32LE(2, 8);
  before.writeUInt32LE(crc32(before.subarray(16)), 12);
  const [read] = decodeCheckpoint(before).replicas;
  assert.is(read?.replica.lastSequence, 2 ** 41);
  assert.is(read?.replica.queues.get('work')?.count, replica.queues.get('work')?.count);
});

test.run();
