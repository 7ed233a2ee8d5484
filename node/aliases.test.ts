import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Operation, Request, Result } from '../cluster/operation.ts';
import { Aliases, answerAlias } from './aliases.ts';
import { Asked, owner } from './testing/queue-harness.ts';

const set: Operation = { kind: 'set', queue: 'all', flags: 7, expiresAtMs: 9, data: Buffer.from('x') };

/** Asks an alias of three queues; gives what was asked, and the parts that were to be executed. */
function ask(operation: Operation): { asked: Asked; parts: Request[]; done: boolean } {
  const asked = new Asked(operation, owner(1));
  const parts: Request[] = [];
  const done = answerAlias(asked, ['a', 'b', 'c'], (part) => parts.push(part));
  return { asked, parts, done };
}

/** What is answered when the parts have these results, whatever their order. */
function answered(...results: Result['kind'][]): string {
  const { asked, parts } = ask(set);
  for (const [index, kind] of results.entries()) {
    assert.is(asked.answer, 'waiting');
    parts[index]?.complete({ kind } as Result);
  }
  return asked.answer;
}

test('[alias-set] a set goes to every destination as it is', () => {
  const { asked, parts } = ask(set);
  assert.equal(
    parts.map(({ operation }) => operation),
    ['a', 'b', 'c'].map((queue) => ({ ...set, queue })),
  );
  for (const part of parts) assert.is(part.owner, asked.owner);
});

test('[alias-stored] it is stored when all have stored it, else answered as the worst of them', () => {
  assert.is(answered('stored', 'stored', 'stored'), 'stored');
  assert.is(answered('full', 'stored', 'stored'), 'full');
  assert.is(answered('stored', 'failed', 'full'), 'failed');
  assert.is(answered('stored', 'full', 'failed'), 'failed');
});

test('[alias-empty] reads find it empty at once; deleting and flushing do nothing', () => {
  const get = { kind: 'get', queue: 'all', settle: 'none', read: 'take', waitMs: 1000 } as const;
  const operations: Operation[] = [
    get,
    { ...get, read: 'peek' },
    { kind: 'delete', queue: 'all' },
    { kind: 'flush', queue: 'all' },
    { kind: 'flushExpired', queue: 'all' },
  ];
  const answers = operations.map((operation) => {
    const { asked, parts, done } = ask(operation);
    assert.ok(done && parts.length === 0);
    return asked.answer;
  });
  assert.equal(answers, ['empty', 'empty', 'missing', 'flushed', 'expired']);
});

test('an alias counts what was set on it for as long as there is such an alias [alias-stats]', () => {
  const aliases = new Aliases();
  const putItems = (): unknown => new Map(aliases.statistics('all')).get('put_items');
  const configured = new Map([['all', ['a', 'b']]]);
  aliases.configure(configured);
  assert.ok(aliases.answer(new Asked(set, owner(1)), () => {}));
  assert.not(aliases.answer(new Asked({ ...set, queue: 'a' }, owner(1)), () => {}));
  aliases.configure(new Map([...configured, ['more', ['c']]]));
  assert.is(putItems(), 1);
  aliases.configure(new Map());
  aliases.configure(configured);
  assert.is(putItems(), 0);
});

test('a get that confirms or gives back what is open of a queue that became an alias does so, and finds it empty', () => {
  for (const settle of ['close', 'abort'] as const) {
    const operation = { kind: 'get', queue: 'all', settle, settleId: 3, read: 'reserve', waitMs: 1000 } as const;
    const { asked, parts, done } = ask(operation);
    assert.ok(done);
    assert.is(asked.answer, 'waiting');
    assert.equal(
      parts.map((part) => part.operation),
      [{ ...operation, read: 'nothing', waitMs: 0 }],
    );
    parts[0]?.complete({ kind: 'empty' });
    assert.is(asked.answer, 'empty');
  }
});

test('what a client still has open of a queue that became an alias is closed and released there', () => {
  const operations: Operation[] = [
    { kind: 'get', queue: 'all', settle: 'close', read: 'nothing', waitMs: 0 },
    { kind: 'delivered', queue: 'all', id: 1 },
    { kind: 'release', queue: 'all' },
  ];
  for (const operation of operations) assert.not(ask(operation).done);
});

test.run();
