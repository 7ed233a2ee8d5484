import type { Clock, Timer } from '../journal/base/clock.ts';
import type { Broker } from './broker-api.ts';

const pending = new WeakMap<Broker, Timer>();

/**
 * `flush_all <delay>`: everything is flushed once the delay has passed, whatever becomes of the connection. As in
 * memcached there is one such appointment a node: a later one takes the place of the one before.
 */
export function flushAllLater(broker: Broker, clock: Clock, delayMs: number): void {
  cancelDelayedFlush(broker);
  pending.set(
    broker,
    clock.schedule(delayMs, () => {
      pending.delete(broker);
      broker.flushAll(() => {});
    }),
  );
}

/** Forgets the appointment, if there is one. */
function cancelDelayedFlush(broker: Broker): void {
  pending.get(broker)?.cancel();
  pending.delete(broker);
}
