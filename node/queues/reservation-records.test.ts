import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { owner } from '../testing/queue-harness.ts';
import { defaultNodeLimits } from './queue-settings.ts';
import { decodeReservations, encodeReservations, type ReservationRecord } from './reservation-records.ts';

const year = 365 * 86_400_000;

/** A record whose numbers are as long as they get. */
function longest(index: number, kind: 'open' | 'delayed'): ReservationRecord {
  const id = Number.MAX_SAFE_INTEGER - index;
  const common = { kind, queue: 4_000_000_000 + index, id, bytes: 16 << 20, attempt: 2 ** 32, forMs: year + 1 / 3 };
  if (kind === 'delayed') return { ...common, owner: undefined, lengthMs: year };
  return {
    ...common,
    owner: { ...owner(1e9 + index), node: 'n'.repeat(12), incarnation: 'i'.repeat(12) },
    lengthMs: 0,
  };
}

test('all the open reads and leases that a node may have, each of another client, fit into 25 MiB', () => {
  const { maxOpenReads, maxLeases } = defaultNodeLimits;
  const reservations = [
    ...Array.from({ length: maxOpenReads }, (_, index) => longest(index, 'open')),
    ...Array.from({ length: maxLeases }, (_, index) => longest(maxOpenReads + index, 'delayed')),
  ];
  const deliveries = Array.from({ length: 600_000 }, (_, index) => {
    return { queue: 4_000_000_000 + index, id: Number.MAX_SAFE_INTEGER - index, deliveries: 1000 + index };
  });
  const state = encodeReservations({ reservations, deliveries });
  assert.ok(state.length <= 25 << 20, `${state.length} bytes`);
  const decoded = decodeReservations(state);
  const first = { ...longest(0, 'open'), forMs: year };
  assert.equal(decoded.reservations.at(0), first);
  assert.equal(decoded.reservations.at(-1), { ...reservations.at(-1), forMs: year });
  assert.is(decoded.reservations.length, reservations.length);
  assert.equal(decoded.deliveries.at(-1), deliveries[decoded.deliveries.length - 1], 'the rest is counted anew');
});

test.run();
