import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Asked, owner, QueueHarness } from '../testing/queue-harness.ts';

const [ann, bob] = [owner(1), owner(2)];

/** A queue of three items that are read into one slab, in the order of their names. */
function backlogged(): QueueHarness {
  const before = new QueueHarness();
  before.put('work', 'one', 'two', 'three');
  return new QueueHarness({}, {}, before.log);
}

test('a slab is given back when all of its items were taken and have reached their clients', async () => {
  const at = backlogged();
  const asked = [at.get('work', ann), at.get('work', bob), at.get('work', ann)];
  await at.settle();
  const answers = () => asked.map(({ answer }) => answer);
  assert.equal(answers(), ['item one', 'item two', 'item three']);
  at.delivered('work', asked[2]?.id ?? 0, ann);
  at.delivered('work', asked[0]?.id ?? 0, ann);
  at.delivered('work', asked[0]?.id ?? 0, ann);
  assert.equal([at.log.slabs.givenBack, ...answers()], [0, 'item one', 'item two', 'item three']);
  at.ask({ kind: 'flush', queue: 'work' });
  at.delivered('work', asked[1]?.id ?? 0, bob);
  assert.equal(
    [at.log.slabs.givenBack, ...answers()],
    [1, 'item \xdd\xdd\xdd', 'item \xdd\xdd\xdd', 'item \xdd\xdd\xdd\xdd\xdd'],
  );
});

type End = (at: QueueHarness, asked: Asked) => void;
const taken: End = (at) => assert.is(at.take('work', bob), 'one');
const others: readonly [how: string, asks: Parameters<QueueHarness['get']>[2], end: End][] = [
  ['looked at', { read: 'peek' }, taken],
  ['opened and confirmed', { read: 'reserve' }, (at) => at.close('work', ann)],
  [
    'opened and given back',
    { read: 'reserve' },
    (at, asked) => {
      at.abort('work', ann);
      taken(at, asked);
    },
  ],
  [
    'leased and confirmed',
    { read: 'reserve', leaseMs: 1000 },
    (at, { id }) => {
      at.ask({ kind: 'delivered', queue: 'work', id, leased: true }, ann);
      assert.is(at.settleById('close', 'work', id).answer, 'done');
    },
  ],
  [
    'taken by a connection that ended',
    {},
    (at, asked) => {
      at.ask({ kind: 'release', queue: 'work' }, ann);
      taken(at, asked);
    },
  ],
  [
    'taken, and asked for again',
    { attempt: 1 },
    (at) => {
      const again = at.get('work', ann, { attempt: 1, again: true });
      assert.is(again.answer, 'item one');
      at.delivered('work', again.id, ann);
    },
  ],
];

for (const [how, asks, end] of others) {
  test(`the slab of an item that was ${how} is not used again: the item may be looked at still`, async () => {
    const at = backlogged();
    const asked = at.get('work', ann, asks);
    await at.settle();
    end(at, asked);
    assert.equal([at.take('work', bob), at.take('work', bob)], ['two', 'three']);
    assert.equal([at.get('work', bob).answer, asked.answer, at.log.slabs.givenBack], ['empty', 'item one', 0]);
  });
}

test.run();
