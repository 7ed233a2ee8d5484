import os from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { describeMachine, parseCpuList, splitCpus } from './machine.ts';

test('a list of cores, as the kernel writes it', () => {
  assert.equal(parseCpuList('0-2,8'), [0, 1, 2, 8]);
  assert.equal(parseCpuList('5'), [5]);
  assert.equal(parseCpuList(''), []);
});

test('the generator gets a core that no server has', () => {
  const split = splitCpus();
  if (split === undefined) return;
  assert.ok(parseCpuList(split.servers).length > 0);
  assert.not.ok(parseCpuList(split.servers).includes(Number(split.generator)));
});

test('a machine is described with the versions of this program and its runtime', () => {
  const { cpus, versions } = describeMachine(os.tmpdir());
  assert.is(cpus, os.cpus().length);
  assert.match(versions.join(', '), /^Windhover \d+\.\d+\.\d+.*, Node 2\d\./);
});

test.run();
