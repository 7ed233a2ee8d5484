import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { RunList } from './run-list.ts';

test('neighbours become runs', () => {
  const list = new RunList();
  for (const id of [3, 4, 5, 9, 1, 2]) list.add(id);
  assert.equal(list.take(), [1, 5, 9, 9]);
  assert.ok(list.isEmpty);
  assert.equal(list.take(), []);
});

test('runs are ascending, apart, and cover exactly what was added', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(40)), (ids) => {
      const list = new RunList();
      for (const id of ids) list.add(id);
      const runs = list.take();
      const covered: number[] = [];
      for (let index = 0; index < runs.length; index += 2) {
        const from = runs[index] ?? 0;
        const to = runs[index + 1] ?? 0;
        assert.ok(index === 0 || from > (runs[index - 1] ?? 0) + 1);
        for (let id = from; id <= to; id++) covered.push(id);
      }
      assert.equal(
        covered,
        [...ids].sort((a, b) => a - b),
      );
    }),
  );
});

test.run();
