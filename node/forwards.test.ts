import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { NodeRecord } from '../cluster/partition-map.ts';
import { Asked, get, hello } from '../cluster/testing/forward-world.ts';
import type { Transport } from '../cluster/transport.ts';
import { SimClock } from '../journal/testing/sim-clock.ts';
import { Forwards } from './forwards.ts';
import { RoutedRequest } from './routed-request.ts';

const leaderAt = (peer: string): NodeRecord => ({
  id: 'L',
  incarnation: '1',
  label: 'L',
  memcache: '',
  peer,
  admin: '',
  state: 'up',
});

test('a node with a new address gets one new link, also when what waited for the old one comes back at once', () => {
  const dialled: string[] = [];
  const given: string[] = [];
  const dialForward: Transport['dialForward'] = (address) => {
    dialled.push(address);
    return { close: () => given.push(address) };
  };
  const transport: Transport = {
    dialForward,
    dialFollow: () => assert.unreachable() as never,
    serve: () => assert.unreachable() as never,
  };
  const forwards = new Forwards({ transport, hello: hello('P'), clock: new SimClock() });
  let leader: NodeRecord | undefined = leaderAt('L:1');
  const router = {
    route: (request: RoutedRequest) => {
      if (leader !== undefined) forwards.send(request, leader);
    },
    requestMoved: (request: RoutedRequest) => {
      forwards.cameBack(request.partition);
      router.route(request);
    },
    requestFinished: () => {},
  };
  const ask = (number: number) => {
    const request = new RoutedRequest(new Asked(get('q')), number, 'client', 0, router);
    request.partition = 0;
    router.route(request);
  };
  ask(1);
  leader = leaderAt('L:2');
  ask(2);
  assert.equal([dialled, given], [['L:1', 'L:2'], ['L:1']]);
  leader = undefined;
  forwards.close();
  assert.equal(given, ['L:1', 'L:2']);
  assert.not.ok(forwards.has(0), 'both came back');
});

test.run();
