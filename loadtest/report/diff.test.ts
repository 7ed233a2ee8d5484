import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WindhoverError } from '../../journal/base/errors.ts';
import type { RunResult } from '../result.ts';
import { sampleResult } from '../testing/sample-result.ts';
import { diffResults, slowdowns } from './diff.ts';
import { parseResult, readResult } from './result-file.ts';

function changed(change: (result: RunResult) => void): RunResult {
  const result = sampleResult();
  change(result);
  return result;
}

test('rates and latencies stand side by side, with B as a multiple of A', () => {
  const slower = changed(({ totals }) => {
    totals.set!.perSecond /= 2;
    totals.get!.p99Ms *= 3;
    delete totals.close;
  });
  const text = diffResults(sampleResult(), slower);
  assert.match(text, /^ +A +B +B\/A$/m);
  assert.match(text, /^set +per second +19,067 +9,533 +0\.50$/m);
  assert.match(text, /^ +p99 +2\.86 ms +8\.58 ms +3\.00$/m);
  assert.match(text, /^close +per second +19,078 +- +-$/m);
  assert.match(text, /^misses +544 +544$/m);
  assert.not.match(text, /^lost/m);
  assert.ok(text.endsWith('\nSame command.'));
});

test('verdicts are told, and the words that differ in the commands', () => {
  const other = changed((result) => {
    result.verdict.lost = 3;
    result.verdict.failures.push('3 acknowledged items were lost');
    result.command.splice(3, 2, '--rate', '100');
  });
  const text = diffResults(sampleResult(), other);
  assert.match(text, /^A .*: Passed: none of 1,138,765 acknowledged items was lost\.$/m);
  assert.match(text, /^B .*: Failed: 3 acknowledged items were lost\.$/m);
  assert.match(text, /^lost +0 +3$/m);
  assert.match(text, /^only in A's command: --targets 127\.0\.0\.1:22133,\S+$/m);
  assert.match(text, /^only in B's command: --rate 100$/m);
});

test('a slowdown is a lower rate, a higher p50 or p99 beyond the factor, or a kind that is gone', () => {
  const a = sampleResult();
  const b = changed(({ totals }) => {
    totals.set!.perSecond /= 1.3;
    totals.set!.p50Ms *= 1.1;
    totals.get!.p99Ms *= 3;
    delete totals.close;
  });
  assert.equal(slowdowns(a, b, 1.2), [
    'set: per second is 1.30 times slower',
    'get: p99 is 3.00 times slower',
    'close: B has none',
  ]);
  assert.equal(slowdowns(a, b, 4), ['close: B has none']);
  assert.equal(slowdowns(b, a, 1), []);
});

/** What parsing `text` throws: its code and message. */
function refusal(text: string): string {
  try {
    parseResult(text, 'a.json');
  } catch (error) {
    assert.instance(error, WindhoverError);
    return `${(error as WindhoverError).code}: ${(error as WindhoverError).message}`;
  }
  return 'accepted';
}

test('a file that is no result is refused with what is wrong', () => {
  assert.is(refusal(JSON.stringify(sampleResult())), 'accepted');
  assert.match(refusal('{"a":'), /^invalid: a\.json is not JSON: /);
  assert.is(refusal('{"scenario":"flood"}'), 'invalid: a.json is not the result of a windhover loadtest');
  const newer = JSON.stringify({ ...sampleResult(), version: 2 });
  assert.is(refusal(newer), 'incompatible: a.json is a result of version 2, this program reads version 1');
  const damaged = JSON.stringify({ ...sampleResult(), phases: [] });
  assert.match(refusal(damaged), /^invalid: a\.json is a damaged result: phases: /);
});

test('a file that is not there is an error that names it', async () => {
  try {
    await readResult('/nowhere/a.json');
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /^can't read \/nowhere\/a\.json: ENOENT/);
  }
});

test.run();
