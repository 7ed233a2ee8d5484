import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { partitionOf, placementName, Ring } from './ring.ts';

const names = Array.from({ length: 20_000 }, (_, i) => `queue-${i}`);

function labels(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `10.0.${i >> 8}.${i & 255}:22133`);
}

function words(text: string): number[] {
  const digest = createHash('md5').update(text, 'latin1').digest();
  return [0, 4, 8, 12].map((at) => digest.readUInt32LE(at));
}

/** The textbook form: slow and plain. */
function textbook(servers: readonly string[], digests = 40): (name: string) => string | undefined {
  const points = servers.flatMap((server) =>
    Array.from({ length: digests }, (_, i) => words(`${server.replace(':11211', '')}-${i}`))
      .flat()
      .map((point) => ({ point, server })),
  );
  points.sort((a, b) => a.point - b.point);
  return (name) => {
    const own = words(name)[0] as number;
    return (points.find(({ point }) => point >= own) ?? points[0])?.server;
  };
}

test('known points: q1.example:22133-0, and the hash of work', () => {
  assert.equal(words('q1.example:22133-0'), [3394115997, 1608236197, 575052405, 3136027243]);
  assert.is(words('work')[0], 0x872ce967);
});

test('owner is the first point at or after the name, whatever order the labels come in', () => {
  const label = fc.tuple(
    fc.constantFrom('q1.example', '127.0.0.1', 'fe80::1', 'b'),
    fc.constantFrom(11211, 22133, 22134, 80),
  );
  fc.assert(
    fc.property(
      fc.uniqueArray(
        label.map(([host, port]) => `${host}:${port}`),
        { minLength: 1, maxLength: 8 },
      ),
      fc.string({ unit: fc.integer({ min: 33, max: 255 }).map((byte) => String.fromCharCode(byte)), minLength: 1 }),
      (servers, name) => {
        const expected = textbook(servers)(placementName(name));
        assert.is(new Ring(servers).owner(name), expected);
        assert.is(new Ring([...servers].reverse()).owner(name), expected);
      },
    ),
    { numRuns: 100 },
  );
});

test('24 labels have 160 points each, 25 have 156, as in libmemcached', () => {
  const some = names.slice(0, 300);
  for (const [count, digests] of [
    [24, 40],
    [25, 39],
    [26, 40],
  ] as const) {
    const ring = new Ring(labels(count));
    const expected = textbook(labels(count), digests);
    for (const name of some) assert.is(ring.owner(name), expected(name));
  }
  const [ring, exact] = [new Ring(labels(25)), textbook(labels(25))];
  assert.ok(
    some.some((name) => ring.owner(name) !== exact(name)),
    'the names above would not tell 40 from 39',
  );
});

test('every label gets its share, within a half', () => {
  for (const count of [2, 3, 5, 10]) {
    const ring = new Ring(labels(count));
    const shares = new Map<string, number>();
    for (const name of names) shares.set(ring.owner(name), (shares.get(ring.owner(name)) ?? 0) + 1);
    assert.is(shares.size, count);
    for (const share of shares.values()) {
      assert.ok(share > (0.5 * names.length) / count && share < (1.5 * names.length) / count, `${share} of ${count}`);
    }
  }
});

test('a new label takes about one in n, and nothing moves between the old ones', () => {
  for (const count of [1, 3, 9]) {
    const before = new Ring(labels(count));
    const after = new Ring(labels(count + 1));
    const newcomer = labels(count + 1)[count];
    const moved = names.filter((name) => before.owner(name) !== after.owner(name));
    assert.ok(moved.every((name) => after.owner(name) === newcomer));
    assert.ok(moved.length > 0 && moved.length < (1.6 * names.length) / (count + 1), `${moved.length} moved`);
  }
});

test('a fanout child lives with its parent, and in the same partition', () => {
  const ring = new Ring(labels(7));
  for (const name of names.slice(0, 500)) {
    assert.is(ring.owner(`${name}+child+more`), ring.owner(name));
    assert.is(partitionOf(`${name}+child+more`, 8), partitionOf(name, 8));
  }
  assert.is(placementName('a+b+c'), 'a');
  assert.is(placementName('+b'), '+b');
});

test('names are bytes: latin1, not UTF-8', () => {
  const first = createHash('md5')
    .update(Buffer.from([0xe9]))
    .digest();
  assert.is(partitionOf('\u00e9', 0x10000), first.readUInt32LE(4) % 0x10000);
});

test("a label's queues fall evenly into its partitions", () => {
  const ring = new Ring(labels(3));
  const own = names.filter((name) => ring.owner(name) === labels(3)[0]);
  const counts = new Array<number>(8).fill(0);
  for (const name of own) {
    const partition = partitionOf(name, 8);
    counts[partition] = (counts[partition] as number) + 1;
  }
  for (const count of counts) assert.ok(count > 0.8 * (own.length / 8) && count < 1.2 * (own.length / 8), `${counts}`);
});

test('no labels, or one twice, is our own mistake', () => {
  assert.throws(() => new Ring([]), /needs a label/);
  assert.throws(() => new Ring(['a:1', 'b:1', 'a:1']), /twice/);
});

test.run();
