import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { RunResult } from '../result.ts';
import { sampleResult } from '../testing/sample-result.ts';
import { formatResult } from './table.ts';

function sample(change: (result: RunResult) => void = () => undefined): string {
  const result = sampleResult();
  change(result);
  return formatResult(result);
}

test('a row a phase and kind, what went wrong, stalls, the generator, the verdict last', () => {
  const lines = sample().split('\n');
  assert.match(lines[0] ?? '', /^ +operations +per second +mean +p50 +p90 +p99 +p99\.9 +max$/);
  assert.match(
    lines[4] ?? '',
    /^measure: set +1,048,677 +19,067 +1\.17 ms +0\.90 ms +1\.89 ms +4\.68 ms +27\.9 ms +1,782 ms$/,
  );
  assert.is(lines.filter((line) => /^(warm-up|measure): /.test(line)).length, 6);
  assert.ok(lines.includes('misses  544'));
  assert.ok(lines.includes('  12 × connection to 127.0.0.1:22134 was closed'));
  assert.ok(lines.some((line) => /^set +1,780 ms +46\.3 s$/.test(line)));
  assert.ok(lines.includes('generator: 2 processes, 61.4 s of CPU, late by 3.20 ms at most'));
  assert.ok(lines.at(-2)?.includes('214 delivered again'));
  assert.is(lines.at(-1), 'Passed: none of 1,138,765 acknowledged items was lost.');
});

test('one phase needs no name, and several measured ones are also summed up', () => {
  const one = sample((result) => result.phases.shift());
  assert.match(one, /^set +1,048,677/m);
  const two = sample((result) => {
    result.phases[0] = { ...result.phases[0]!, measured: true };
  });
  assert.match(two, /^all measured: set +1,048,677/m);
});

test('a failure is said in words, several as a list', () => {
  const one = sample(({ verdict }) => verdict.failures.push('3 acknowledged items were lost'));
  assert.ok(one.endsWith('\nFailed: 3 acknowledged items were lost.'));
  const two = sample(({ verdict }) => verdict.failures.push('3 items were lost', 'the drain failed'));
  assert.ok(two.endsWith('\nFailed in 2 ways.\n  3 items were lost\n  the drain failed'));
});

test('what was not verified is not called kept, and a loss that was allowed is said', () => {
  const cache = sample(({ verdict }) => {
    verdict.verified = false;
  });
  assert.ok(cache.endsWith('\n\nPassed. What was stored was not compared with what was delivered.'));
  const allowed = sample(({ verdict }) => {
    verdict.lost = 2;
  });
  assert.ok(allowed.endsWith('\nPassed, though 2 items of 1,138,765 acknowledged were lost.'));
});

test('the generator says when it was the limit', () => {
  const limited = sample(({ generator }) => {
    generator.limit = 'a worker used 98 % of a core';
  });
  assert.match(limited, /^The generator may have been the limit, not the server: a worker used 98 % of a core$/m);
});

test('a run in which nothing succeeded has a table that says so', () => {
  const nothing = sample((result) => {
    result.totals = {};
    for (const phase of result.phases) phase.operations = {};
  });
  assert.ok(nothing.startsWith('No operation succeeded.\n'));
});

test.run();
