import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Findings, IdleComparison, LoadComparison, Part, Result, Series } from './comparison.ts';
import type { Contender } from './contender.ts';
import { goalResults } from './goals.ts';
import { formatPage, type Session } from './page.ts';
import type { LoadSample } from './sample.ts';
import { standardParts } from './standard.ts';

const ours: Contender = { kind: 'echo', name: 'ours' };
const theirs: Contender = { kind: 'target', name: 'theirs', host: 'h', port: 1 };

const session: Session = {
  command: 'windhover loadtest compare --runs 3',
  date: '2026-11-22T20:00:00.000Z',
  runs: 3,
  seconds: 5,
  idleSeconds: 20,
  machine: {
    cpus: 2,
    cpuModel: 'Model',
    memoryGiB: 24,
    fileSystem: 'ext4',
    kernel: 'Linux 6',
    versions: ['Windhover 1', 'redis-server 7'],
  },
};

const comparison: LoadComparison = {
  kind: 'load',
  title: 'set',
  work: { kind: 'set', connections: 50, depth: 1, itemBytes: 1024 },
  cores: 'shared',
  contenders: [ours, theirs],
  goals: [
    { kind: 'rate', peer: 'theirs', atLeast: 0.6 },
    { kind: 'rate', peer: 'absent', atLeast: 1 },
  ],
};

function samples(...rates: (number | undefined)[]): (LoadSample | undefined)[] {
  return rates.map((perSecond) =>
    perSecond === undefined
      ? undefined
      : {
          perSecond,
          ...{ p50Ms: 1, p99Ms: perSecond / 100, p999Ms: 9, cpuSecondsPerMillion: [4, 3] },
          ...{ generatorCpuShare: 0.5, otherCpuShare: 0, misses: 0, errors: 0, notes: [] },
        },
  );
}

function load(own: LoadComparison, series: Series<LoadSample>[], remarks: string[] = []): Result {
  return { kind: 'load', comparison: own, series, remarks };
}

const both: Series<LoadSample>[] = [
  { contender: ours, samples: samples(300, 100, 500) },
  { contender: theirs, samples: samples(1000, 100, 1000) },
];

function page(results: Result[], unfinished?: string): string {
  const part: Part = { letter: 'x', title: 'A part', about: 'What it is about.', comparisons: [comparison] };
  const findings: Findings = { parts: [{ part, results }], unfinished };
  return formatPage(session, findings);
}

test('a goal is judged by the median of the ratios within the runs, and only where its peer was measured', () => {
  const [goal, ...more] = goalResults(load(comparison, both));
  assert.equal(goal, {
    text: 'set: ours, rate beside theirs',
    wanted: 'at least 0.6',
    reached: { median: 0.5, least: 0.3, most: 1 },
    isMet: false,
  });
  assert.equal(more, []);
  const met = { ...comparison, goals: [{ kind: 'rate', peer: 'theirs', atLeast: 0.5 }] as const };
  assert.ok(goalResults(load(met, both))[0]?.isMet);
});

test('a tail is p99 in medians of the same run, and at most the goal', () => {
  const tail = (atMost: number): LoadComparison => ({ ...comparison, goals: [{ kind: 'tail', atMost }] });
  const [goal] = goalResults(load(tail(3), both));
  assert.equal(goal?.reached, { median: 3, least: 1, most: 5 });
  assert.ok(goal?.isMet);
  assert.not.ok(goalResults(load(tail(2.9), both))[0]?.isMet);
  assert.match(page([load(tail(3), both)]), /\| p99 in medians \|\n.*\n\| ours \|.*\| 3\.0 \(1\.0–5\.0\) \|/);
});

test('without our own figures there is no goal to judge', () => {
  assert.equal(goalResults(load(comparison, both.slice(1))), []);
  assert.equal(goalResults(load(comparison, [{ contender: ours, samples: samples(undefined) }, both[1] as never])), []);
});

test('an idle node is judged by itself, not with the others of its cluster', () => {
  const idle: IdleComparison = {
    ...{ kind: 'idle', title: 'idle', contenders: [ours] },
    goal: { residentMiB: 120, cpuShare: 0.01 },
  };
  const result: Result = {
    ...{ kind: 'idle', comparison: idle, remarks: [] },
    series: [{ contender: ours, samples: [{ residentMiB: [99.6, 80], cpuShare: [0.004, 0.012] }] }],
  };
  assert.equal(
    goalResults(result).map(({ isMet, reached }) => [isMet, reached.median]),
    [
      [true, 99.6],
      [false, 1.2],
    ],
  );
  assert.match(page([result]), '| ours | 180 (100 + 80) MiB | 1.60 (0.40 + 1.20) % |');
});

test('the page holds machine, date, versions, command, medians, ratios with their spread, goals and remarks', () => {
  const text = page([load(comparison, both, ['left out: someone, not installed'])]);
  assert.match(text, 'Made by `windhover loadtest compare --runs 3`');
  assert.match(
    text,
    '- Machine: 2 × Model, 24 GiB, ext4, Linux 6\n- Date: 2026-11-22\n- Versions: Windhover 1, redis-server 7',
  );
  assert.match(text, '| ours | 300 | 1.00 ms | 3.00 ms | 9.00 ms | 7.0 (4.0 + 3.0) | 50 % |  |');
  assert.match(text, '| theirs | 1,000 | 1.00 ms | 10.0 ms | 9.00 ms | 7.0 (4.0 + 3.0) | 50 % | 0.50 (0.30–1.00) |');
  assert.match(text, '| x | set: ours, rate beside theirs | at least 0.6 | 0.50 (0.30–1.00) | **not met** |');
  assert.match(text, '- left out: someone, not installed');
  assert.match(text, 'Again: `npm run bench -- --only x`');
  assert.not.match(text, 'Not finished');
});

test('what there is of a session that ended early is a page that says so', () => {
  const begun: Series<LoadSample>[] = [
    { contender: ours, samples: samples(300, undefined) },
    { contender: theirs, samples: samples(600) },
  ];
  const text = page(
    [load(comparison, begun), load(comparison, [{ contender: theirs, samples: [] }])],
    'it was interrupted',
  );
  assert.match(text, '**Not finished**: it was interrupted.');
  assert.match(text, '| theirs | 600 | 1.00 ms | 6.00 ms | 9.00 ms | 7.0 (4.0 + 3.0) | 50 % | 0.50 |');
  assert.match(text, '| theirs | – | – | – | – | – | – | – |');
});

test('the standard set: every peer of a goal takes part, letters are unique, targets join wherever there is a load', () => {
  const parts = standardParts([theirs]);
  assert.is(new Set(parts.map(({ letter }) => letter)).size, parts.length);
  for (const own of parts.flatMap(({ comparisons }) => comparisons)) {
    const names = own.contenders.map(({ name }) => name);
    assert.is(new Set(names).size, names.length);
    if (own.kind === 'idle') continue;
    assert.ok(own.contenders.includes(theirs));
    for (const goal of own.goals) if (goal.kind === 'rate') assert.ok(names.includes(goal.peer), goal.peer);
  }
});

test.run();
