import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { goalResults, median, ratios } from './compare.ts';
import { formatFindings } from './markdown.ts';
import type { Sample } from './measure.ts';
import type { Comparison, Part } from './parts.ts';
import type { Contender } from './servers.ts';

function contender(name: string): Contender {
  return { name, program: name, protocol: 'memcache', start: () => Promise.reject(new Error('not started here')) };
}

function samples(...rates: number[]): Sample[] {
  return rates.map((perSecond) => ({
    perSecond,
    p50Ms: 1,
    p99Ms: perSecond / 100,
    cpuSecondsPerMillion: 7,
    generatorCpuShare: 0.5,
    errors: 0,
  }));
}

const ours = contender('ours');
const theirs = contender('theirs');
const comparison: Comparison = {
  title: 'set',
  work: { kind: 'set', connections: 50, depth: 1, itemBytes: 1024 },
  load: 'full',
  contenders: [ours, theirs],
  goals: [
    { peer: 'theirs', ratio: 0.6 },
    { peer: 'absent', ratio: 1 },
  ],
  tailGoal: 4,
};

test('the median of odd, even and no values', () => {
  assert.is(median([9, 1, 5]), 5);
  assert.is(median([4, 1, 3, 2]), 2.5);
  assert.ok(Number.isNaN(median([])));
});

test('a ratio is taken within a run, and the goal is judged by the median of the ratios', () => {
  const [a, b] = [samples(300, 100, 500), samples(1000, 100, 1000)];
  assert.equal(ratios(a, b), [0.3, 1, 0.5]);
  const series = [
    { contender: ours, samples: a },
    { contender: theirs, samples: b },
  ];
  assert.equal(goalResults(comparison, series), [
    { text: 'ours, rate beside theirs', wanted: 0.6, reached: 0.5, isMet: false },
    { text: 'ours, p99 in p50s (at most)', wanted: 4, reached: 3, isMet: true },
  ]);
});

test('without our own figures there is no goal to judge', () => {
  assert.equal(goalResults(comparison, [{ contender: theirs, samples: samples(1) }]), []);
  assert.equal(goalResults(comparison, [{ contender: ours, samples: [] }]), []);
});

test('the document holds medians, ratios, goals and the commands', () => {
  const part: Part = { letter: 'x', title: 'A part', comparisons: [comparison] };
  const series = [
    { contender: ours, samples: samples(300, 100, 500) },
    { contender: theirs, samples: samples(1000, 100, 1000) },
  ];
  const results = [{ comparison, series, goals: goalResults(comparison, series) }];
  const idle = [{ name: 'ours', residentMiB: 99.6, cpuShare: 0.004 }];
  const text = formatFindings({ parts: [{ part, results }], idle, command: 'npm run bench', seconds: 5, runs: 3 });
  assert.match(text, '| ours | 300 | 1.00 ms | 3.00 ms | 7.0 |  |');
  assert.match(text, '| theirs | 1,000 | 1.00 ms | 10.00 ms | 7.0 | 0.50 |');
  assert.match(text, '**Not met**: ours, rate beside theirs 0.50, goal 0.6.');
  assert.match(text, '| ours | 100 MiB | 0.40 % |');
  assert.match(text, '`windhover loadtest flood --protocol memcache --work set --connections 50');
});

test.run();
