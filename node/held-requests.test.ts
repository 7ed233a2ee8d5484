import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SimClock } from '../journal/testing/sim-clock.ts';
import { HeldRequests } from './held-requests.ts';
import { RoutedRequest } from './routed-request.ts';
import { Asked, owner } from './testing/queue-harness.ts';

/** Up to three requests are held; what is routed again, or has waited for too long, is told. */
class Stage {
  readonly clock = new SimClock();
  readonly told: string[] = [];
  readonly held = new HeldRequests(
    this.clock,
    (request) => this.routed(request),
    (request) => this.told.push(`${request.number} expired`),
    3,
  );
  routed: (request: RoutedRequest) => void = (request) => this.told.push(`${request.number} routed`);

  request(number: number, partition = 1): RoutedRequest {
    const router = { requestMoved: () => undefined, requestFinished: () => undefined };
    const asked = new Asked({ kind: 'flush', queue: 'work' }, owner(1));
    const request = new RoutedRequest(asked, number, 'client', 0, router);
    request.partition = partition;
    return request;
  }

  add(...numbers: number[]): boolean[] {
    return numbers.map((number) => this.held.add(this.request(number), 1000));
  }

  /** What comes due within so long. */
  stepsFor(ms: number): number {
    const endMs = this.clock.monotonicMs() + ms;
    let steps = 0;
    for (; (this.clock.nextDueMs() ?? Number.POSITIVE_INFINITY) <= endMs; steps++) this.clock.step();
    return steps;
  }
}

test('so many are held and no more, until some have gone, by whatever way', async () => {
  const stage = new Stage();
  assert.equal(stage.add(1, 2, 3, 4), [true, true, true, false]);
  stage.held.release(1);
  assert.equal([stage.held.size, stage.held.holds(1)], [0, false]);
  const cancelled = stage.request(5);
  stage.held.add(cancelled, 1000);
  assert.equal(stage.add(6, 7, 8), [true, true, false]);
  stage.held.remove(cancelled);
  stage.held.remove(cancelled);
  assert.equal(stage.add(9, 10), [true, false]);
  await stage.clock.runFor(2000);
  assert.equal(stage.add(11, 12, 13, 14), [true, true, true, false]);
});

test('they are routed again in the order in which they came to the node, whenever they came back', () => {
  const stage = new Stage();
  stage.add(2, 3, 1);
  stage.held.release(1);
  assert.equal(stage.told, ['1 routed', '2 routed', '3 routed']);
});

test('what comes back while it is routed waits for another release, also when that is asked for meanwhile', () => {
  const stage = new Stage();
  stage.routed = (request) => {
    stage.told.push(`${request.number} again`);
    assert.ok(stage.told.length < 10, 'it goes round and round');
    stage.held.add(request, 1000);
    stage.held.release(1);
  };
  stage.add(1, 2);
  stage.held.release(1);
  assert.equal(stage.told, ['1 again', '2 again']);
  assert.is(stage.held.size, 2);
});

test('a request’s time counts from when it was first held, and each ends when its own is over', async () => {
  const stage = new Stage();
  const [first, second] = [stage.request(1), stage.request(2, 2)];
  stage.routed = (request) => stage.held.add(request, 1000);
  stage.held.add(first, 1000);
  await stage.clock.runFor(600);
  stage.held.release(1);
  stage.held.add(second, 1000);
  await stage.clock.runFor(600);
  assert.equal(stage.told, ['1 expired']);
  await stage.clock.runFor(600);
  assert.equal(stage.told, ['1 expired', '2 expired']);
  assert.is(stage.stepsFor(1000), 0, 'nothing is looked for when nothing is held');
});

test('a release that is asked for soon happens once, for each partition, as often as it is asked for', () => {
  const stage = new Stage();
  stage.held.add(stage.request(1), 10_000);
  stage.held.add(stage.request(2, 2), 10_000);
  for (const partition of [1, 1, 2, 3]) stage.held.releaseSoon(partition);
  assert.is(stage.stepsFor(50), 1);
  assert.equal(stage.told, ['1 routed', '2 routed']);
  stage.held.add(stage.request(3), 10_000);
  stage.held.releaseSoon(1);
  stage.stepsFor(50);
  assert.equal(stage.told, ['1 routed', '2 routed', '3 routed']);
});

test('once it is closed everything has failed, and nothing is held', () => {
  const stage = new Stage();
  stage.add(1, 2);
  const failed: number[] = [];
  stage.held.close((request) => failed.push(request.number));
  assert.equal([failed, stage.held.size, ...stage.add(3)], [[1, 2], 0, false]);
});

test.run();
