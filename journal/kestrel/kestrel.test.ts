import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SimDisk } from '../testing/sim-disk.ts';
import { kestrelQueues } from './files.ts';
import { type KestrelReading, readKestrelQueue } from './read.ts';

interface Item {
  readonly data: string;
  readonly addedAtMs: number | undefined;
  readonly expiresAtMs: number;
}

/** Writes entries as Kestrel does, beside a queue of plain arrays that does what they say. */
class KestrelWriter {
  readonly bytes: Buffer[] = [];
  queue: Item[] = [];
  readonly reserved = new Map<number, Item>();
  #xid = 0;
  #added = 0;

  addOld(data: string, expirySeconds: number): void {
    const head = Buffer.alloc(9);
    head.writeInt32LE(data.length + 4, 1);
    head.writeInt32LE(expirySeconds, 5);
    this.bytes.push(head, Buffer.from(data, 'latin1'));
    this.queue.push({ data, addedAtMs: undefined, expiresAtMs: expirySeconds * 1000 });
  }

  add(data: string, xid?: number): void {
    this.queue.push(this.#write(xid === undefined ? 2 : 7, xid, data));
  }

  remove(): void {
    this.bytes.push(Buffer.of(1));
    this.queue.shift();
  }

  reserve(): void {
    this.#xid++;
    this.#xidEntry(9, this.#xid);
    this.#reserveAs(this.#xid);
  }

  /** In the old form, which leaves the number to the reader. */
  reserveOld(): void {
    this.#xid++;
    this.bytes.push(Buffer.of(3));
    this.#reserveAs(this.#xid);
  }

  giveBack(xid: number): void {
    this.#xidEntry(5, xid);
    const item = this.reserved.get(xid);
    this.reserved.delete(xid);
    if (item !== undefined) this.queue.unshift(item);
  }

  confirm(xid: number): void {
    this.#xidEntry(6, xid);
    this.reserved.delete(xid);
  }

  continue(xid: number, data: string): void {
    this.reserved.delete(xid);
    this.queue.push(this.#write(8, xid, data));
  }

  saveXid(xid: number): void {
    this.#xid = xid;
    this.#xidEntry(4, xid);
  }

  /** What a restarted Kestrel would hand out. */
  live(): Item[] {
    const back = [...this.reserved].sort(([a], [b]) => a - b).map(([, item]) => item);
    return [...back, ...this.queue];
  }

  #reserveAs(xid: number): void {
    const item = this.queue.shift();
    if (item !== undefined) this.reserved.set(xid, item);
  }

  #write(opcode: number, xid: number | undefined, data: string): Item {
    const item = { data, addedAtMs: 1_400_000_000_000 + this.#added++, expiresAtMs: data.length === 3 ? 0 : 1.5e12 };
    const head = Buffer.alloc(20);
    head.writeInt32LE(data.length + 16, 0);
    head.writeBigInt64LE(BigInt(item.addedAtMs), 4);
    head.writeBigInt64LE(BigInt(item.expiresAtMs), 12);
    const number = Buffer.alloc(4);
    number.writeInt32LE(xid ?? 0);
    this.bytes.push(Buffer.of(opcode), ...(xid === undefined ? [] : [number]), head, Buffer.from(data, 'latin1'));
    return item;
  }

  #xidEntry(opcode: number, xid: number): void {
    const entry = Buffer.alloc(5);
    entry.writeUInt8(opcode);
    entry.writeInt32LE(xid, 1);
    this.bytes.push(entry);
  }
}

type Step =
  | { readonly kind: 'add' | 'addOld' | 'addXid'; readonly bytes: number }
  | { readonly kind: 'remove' | 'reserve' | 'reserveOld' | 'file' }
  | { readonly kind: 'giveBack' | 'confirm' | 'continue'; readonly which: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('add', 'addOld', 'addXid'), bytes: fc.nat(40) }),
  fc.record({ kind: fc.constantFrom('remove', 'reserve', 'reserveOld', 'file') }),
  fc.record({ kind: fc.constantFrom('giveBack', 'confirm', 'continue'), which: fc.nat(5) }),
) as fc.Arbitrary<Step>;

function perform(writer: KestrelWriter, each: Step, index: number): void {
  const open = [...writer.reserved.keys()];
  const xid = 'which' in each ? (open[each.which % Math.max(open.length, 1)] ?? 77) : 0;
  switch (each.kind) {
    case 'add':
      return writer.add(`${index}`.padEnd(each.bytes, '.'));
    case 'addOld':
      return writer.addOld(`${index}`, each.bytes);
    case 'addXid':
      return writer.add(`${index}`, 1000 + index);
    case 'remove':
      return writer.remove();
    case 'reserve':
      return writer.reserve();
    case 'reserveOld':
      return writer.reserveOld();
    case 'giveBack':
      return writer.giveBack(xid);
    case 'confirm':
      return writer.confirm(xid);
    case 'continue':
      return writer.continue(xid, `${index}c`);
    case 'file':
      return undefined;
  }
}

async function diskWith(files: Readonly<Record<string, Uint8Array>>): Promise<SimDisk> {
  const disk = new SimDisk();
  for (const [name, content] of Object.entries(files)) await disk.replace(name, content);
  return disk;
}

async function readAll(disk: SimDisk, queue: string): Promise<{ items: Item[]; reading: KestrelReading }> {
  const files = kestrelQueues(await disk.list('')).find((each) => each.queue === queue);
  assert.ok(files !== undefined);
  const items: Item[] = [];
  const reading = await readKestrelQueue(disk, files, async ({ data, addedAtMs, expiresAtMs }) => {
    items.push({ data: data.toString('latin1'), addedAtMs, expiresAtMs });
  });
  assert.is(reading.items, items.length);
  return { items, reading };
}

test('what is alive after any row of operations, over any files, is what a restarted Kestrel would have', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
      const writer = new KestrelWriter();
      const files: Record<string, Buffer> = {};
      let written = 0;
      for (const [index, each] of steps.entries()) {
        perform(writer, each, index);
        if (each.kind !== 'file') continue;
        files[`q.${1000 + index}`] = Buffer.concat(writer.bytes.slice(written));
        written = writer.bytes.length;
      }
      files['q'] = Buffer.concat(writer.bytes.slice(written));
      const { items, reading } = await readAll(await diskWith(files), 'q');
      assert.equal(items, writer.live());
      assert.is(reading.tear, undefined);
    }),
    { numRuns: 300 },
  );
});

test('a journal cut at any byte gives what its whole entries say, and tells where it is torn', async () => {
  const writer = new KestrelWriter();
  const ends: { bytes: number; live: Item[] }[] = [{ bytes: 0, live: [] }];
  const note = (): void => {
    ends.push({ bytes: Buffer.concat(writer.bytes).length, live: writer.live() });
  };
  const steps: (() => void)[] = [
    () => writer.saveXid(40),
    () => writer.addOld('old', 1_600_000_000),
    () => writer.add('first'),
    () => writer.reserve(),
    () => writer.add('second', 9),
    () => writer.reserve(),
    () => writer.giveBack(41),
    () => writer.continue(42, 'third'),
    () => writer.remove(),
    () => writer.add('fourth'),
  ];
  for (const each of steps) {
    each();
    note();
  }
  const whole = Buffer.concat(writer.bytes);
  for (let bytes = 0; bytes <= whole.length; bytes++) {
    const { items, reading } = await readAll(await diskWith({ q: whole.subarray(0, bytes) }), 'q');
    const end = ends.findLast((each) => each.bytes <= bytes) as { bytes: number; live: Item[] };
    assert.equal(items, end.live, `cut at ${bytes}`);
    const tear = reading.tear === undefined ? undefined : [reading.tear.file, reading.tear.offset];
    assert.equal(tear, end.bytes === bytes ? undefined : ['q', end.bytes], `cut at ${bytes}`);
  }
});

test('behind a tear in an earlier file nothing is read, since removals go by place', async () => {
  const early = new KestrelWriter();
  early.add('one');
  const late = new KestrelWriter();
  late.remove();
  const disk = await diskWith({
    'q.5': Buffer.concat([...early.bytes, Buffer.of(99)]),
    q: Buffer.concat(late.bytes),
  });
  const { items, reading } = await readAll(disk, 'q');
  assert.equal(
    items.map(({ data }) => data),
    ['one'],
  );
  assert.equal(reading.tear?.unread, ['q']);
  assert.match(reading.tear?.why ?? '', 'opcode 99');
});

test('a length that makes no sense is a tear, and nothing of that size is allocated', async () => {
  for (const bytes of [-1, 15, 0x7fffffff]) {
    const head = Buffer.alloc(30, 1);
    head.writeUInt8(2);
    head.writeInt32LE(bytes, 1);
    const { reading } = await readAll(await diskWith({ q: head }), 'q');
    assert.is(reading.tear?.offset, 0);
  }
});

test('an item longer than what is read at once is whole', async () => {
  const writer = new KestrelWriter();
  writer.add('a');
  writer.add('b'.repeat(3_000_000));
  writer.add('c');
  const { items } = await readAll(await diskWith({ q: Buffer.concat(writer.bytes) }), 'q');
  assert.equal(items, writer.live());
});

test('files come by time, a pack stands for all up to its own time, and the unfinished do not count', () => {
  const names = ['q', 'q.20', 'q.9', 'q.100', 'q.20.pack', 'q~~17', 'q+child', 'r.5.pack', 'r.5', 'r.3', 'x~~4'];
  assert.equal(kestrelQueues(names), [
    { queue: 'q', files: ['q.20.pack', 'q.100', 'q'] },
    { queue: 'q+child', files: ['q+child'] },
    { queue: 'r', files: ['r.5.pack'] },
  ]);
});

test.run();
