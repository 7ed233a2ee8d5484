import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ByteBudget } from './byte-budget.ts';

function waiter(log: string[], name: string): { roomAgain(): void } {
  return { roomAgain: () => log.push(name) };
}

test('requests may begin while half of the limit is not spent, and may overdraw it', () => {
  const budget = new ByteBudget(100);
  budget.take(49);
  assert.ok(budget.hasRoom);
  budget.take(500);
  assert.not(budget.hasRoom);
  budget.give(499);
  assert.not(budget.hasRoom);
  budget.give(1);
  assert.ok(budget.hasRoom);
});

test('arriving values have the other half, and never overdraw it', () => {
  const budget = new ByteBudget(100);
  assert.ok(budget.tryTakeArriving(50));
  assert.not(budget.tryTakeArriving(1));
  assert.ok(budget.hasRoom);
  assert.is(budget.usedBytes, 50);
  budget.giveArriving(10);
  assert.ok(budget.tryTakeArriving(10));
});

test('those who wait are told once, in order, when there is room; those who have gone are not', () => {
  const budget = new ByteBudget(100);
  const log: string[] = [];
  const [first, second, third] = ['first', 'second', 'third'].map((name) => waiter(log, name));
  budget.take(200);
  for (const each of [first, second, third, first]) budget.wait(each as { roomAgain(): void });
  budget.forget(second as { roomAgain(): void });
  budget.give(100);
  assert.equal(log, []);
  budget.give(60);
  assert.equal(log, ['first', 'third']);
  budget.give(40);
  assert.equal(log, ['first', 'third']);
});

test('giving back more than was taken is our own mistake', () => {
  assert.throws(() => new ByteBudget(10).give(1), /given back/);
  assert.throws(() => new ByteBudget(10).giveArriving(1), /given back/);
});

test.run();
