import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { GetOperation, Result } from '../cluster/operation.ts';
import { Holdings } from './holdings.ts';

function get(settle: 'none' | 'close' | 'abort', read: 'reserve' | 'nothing'): GetOperation {
  return { kind: 'get', queue: 'q', settle, read, waitMs: 0 };
}

function item(id: number): Result {
  return { kind: 'item', id, flags: 0, data: Buffer.alloc(0) };
}

test('a close with nothing open, and an open in one, leave one open read to be released', () => {
  const holdings = new Holdings();
  holdings.completed(get('close', 'reserve'), item(7));
  assert.is(holdings.oldest('q'), 7);
  assert.equal([...holdings.takeAll()], ['q']);
});

test('the oldest open read is the one that is settled next', () => {
  const holdings = new Holdings();
  holdings.completed(get('none', 'reserve'), item(3));
  holdings.completed(get('none', 'reserve'), item(5));
  assert.is(holdings.oldest('q'), 3);
  holdings.completed(get('close', 'nothing'), { kind: 'empty' });
  assert.is(holdings.oldest('q'), 5);
  holdings.completed(get('abort', 'nothing'), { kind: 'empty' });
  assert.is(holdings.oldest('q'), 0);
  assert.equal([...holdings.takeAll()], []);
});

test('a get that failed may hold something all the same', () => {
  const holdings = new Holdings();
  holdings.completed(get('none', 'reserve'), { kind: 'failed', why: 'the leader went away' });
  assert.is(holdings.oldest('q'), 0);
  assert.equal([...holdings.takeAll()], ['q']);
});

test.run();
