import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bodyFault, fixedBytes, itemDataStart, kinds } from './entries.ts';
import { extrasBytes, type ItemExtras, readExtras, writeExtras } from './item-extras.ts';

const text = (maxLength: number) =>
  fc.array(fc.nat(255), { minLength: 1, maxLength }).map((bytes) => String.fromCharCode(...bytes));
const number = fc.maxSafeNat();
const plain = { noNullPrototype: true };
const named = fc.record({ queue: number, token: text(64), seenAtMs: number, untilMs: number }, plain);
const reason = fc.constantFrom('expired', 'undelivered');
const origin = fc.record({ queue: text(250), reason, deliveries: fc.nat(0xffffffff) }, plain);
const orNone = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });
const some: fc.Arbitrary<ItemExtras> = fc.record(
  { isDelayed: fc.boolean(), named: orNone(named), origin: orNone(origin) },
  plain,
);

function bodyOf(extras: ItemExtras, data: string): Buffer {
  const start = fixedBytes.itemAdded + extrasBytes(extras);
  const body = Buffer.alloc(start + data.length, 0xee);
  writeExtras(body, 0, extras);
  body.write(data, start);
  return body;
}

test('what is read is what was written, and the data follows it', () => {
  fc.assert(
    fc.property(some, (extras) => {
      const body = bodyOf(extras, 'data');
      assert.is(bodyFault(kinds.itemExtended, body, 0, body.length), undefined);
      assert.equal(readExtras(body, 0), extras);
      assert.is(body.toString('latin1', itemDataStart(kinds.itemExtended, body, 0)), 'data');
    }),
  );
});

test('a body that is too short for what it says it has is refused, and so is an unknown reason', () => {
  const origin = { queue: 'before', reason: 'expired', deliveries: 1 } as const;
  const body = bodyOf({ isDelayed: true, named: { queue: 1, token: 'abc', seenAtMs: 1, untilMs: 2 }, origin }, '');
  for (let end = 0; end < body.length; end++) {
    assert.ok(bodyFault(kinds.itemExtended, body, 0, end) !== undefined, `${end} bytes`);
  }
  body[37] = 3;
  assert.match(bodyFault(kinds.itemExtended, body, 0, body.length) ?? '', 'reason 3 is unknown');
});

test.run();
