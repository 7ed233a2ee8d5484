import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { keptTokens, SeenTokens, TokenRoom } from './seen-tokens.ts';

const untilMs = 1000;

function names(tokens: SeenTokens): string[] {
  return tokens.all().map(({ token }) => token);
}

test('a token is known until its time, by its queue', () => {
  const tokens = new SeenTokens(new TokenRoom());
  tokens.add({ queue: 4, token: '5 a', seenAtMs: 0, untilMs });
  assert.ok(tokens.has(4, '5 a', untilMs - 1));
  assert.not(tokens.has(4, '5 a', untilMs));
  assert.not(tokens.has(5, '5 a', 0));
  assert.equal(tokens.all(), [{ queue: 4, token: '5 a', seenAtMs: 0, untilMs }]);
});

test('those whose time is over are forgotten from the front, and the oldest of too many', () => {
  const tokens = new SeenTokens(new TokenRoom());
  for (const [token, until] of [
    ['a', 10],
    ['b', 30],
    ['c', 10],
  ] as const)
    tokens.add({ queue: 1, token, seenAtMs: 0, untilMs: until });
  tokens.add({ queue: 1, token: 'd', seenAtMs: 10, untilMs });
  assert.equal(names(tokens), ['b', 'c', 'd']);
  for (let count = 0; count < keptTokens; count++) tokens.add({ queue: 1, token: `${count}`, seenAtMs: 0, untilMs });
  assert.is(tokens.size, keptTokens);
  assert.not(tokens.has(1, 'd', 0));
});

test('one that is seen again is the latest', () => {
  const tokens = new SeenTokens(new TokenRoom(6));
  for (const token of ['a', 'b', 'a', 'c', 'd']) tokens.add({ queue: 1, token, seenAtMs: 0, untilMs });
  assert.equal(names(tokens), ['a', 'c', 'd']);
});

test('replicas share the room of their node, those that have more give way, and what is cleared is free', () => {
  const room = new TokenRoom(300);
  const replicas = Array.from({ length: 5 }, () => new SeenTokens(room));
  const fill = (tokens: SeenTokens, count: number): void => {
    for (let number = 0; number < count; number++) tokens.add({ queue: 1, token: `${number}`, seenAtMs: 0, untilMs });
  };
  const [first, ...others] = replicas as [SeenTokens, ...SeenTokens[]];
  fill(first, 400);
  assert.is(first.size, 150);
  for (let round = 0; round < 50; round++) for (const tokens of replicas) fill(tokens, 100);
  assert.ok(room.used <= 300);
  for (const tokens of replicas) assert.ok(tokens.size >= 45 && tokens.size <= 55, `${tokens.size} of 300 for five`);
  for (const tokens of others) tokens.clear();
  assert.is(room.used, first.size);
});

test.run();
