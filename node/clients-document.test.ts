/**
 * The programs of docs/clients.md, run as they stand: all at once against a cluster of three whose nodes echo whole keys,
 * one of which is restarted where they say so; then against a node that does not, where the document says which work.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cleanUp, LocalCluster, NodeProcess, temporaryFolder } from './testing/node-process.ts';
import { freePorts } from './testing/ports.ts';

const repository = resolve(import.meta.dirname, '..');
const document = readFileSync(join(repository, 'docs/clients.md'), 'utf8');
const marker = 'a node is restarted here';

interface Language {
  readonly file: string;
  readonly command: readonly string[];
  /** Stands in for the marker: says so and waits for a line. */
  readonly pause: string;
}

const languages: Readonly<Record<string, Language>> = {
  sh: { file: 'main.sh', command: ['sh', '-eu'], pause: 'echo restart; read -r line' },
  python: { file: 'main.py', command: ['/usr/bin/python3'], pause: 'print("restart", flush=True); input()' },
  php: { file: 'main.php', command: ['php'], pause: 'echo "restart\n"; fgets(STDIN);' },
  perl: { file: 'main.pl', command: ['perl'], pause: '$| = 1; print "restart\\n"; <STDIN>;' },
  js: {
    file: 'main.mjs',
    command: [process.execPath],
    pause: "console.log('restart'); await new Promise((go) => process.stdin.once('data', go)); process.stdin.pause();",
  },
};

/** What has to be there, by the heading of the client. */
const needs: Readonly<Record<string, readonly string[]>> = {
  "libmemcached's tools": ['memccat', '--version'],
  'Python: pylibmc': ['/usr/bin/python3', '-c', 'import pylibmc'],
  'Python: pymemcache': ['/usr/bin/python3', '-c', 'import pymemcache'],
  "Python: pymemcache's HashClient": ['/usr/bin/python3', '-c', 'import pymemcache'],
  'PHP: memcached': ['php', '-r', 'exit(class_exists("Memcached") ? 0 : 1);'],
  'Perl: Cache::Memcached': ['perl', '-MCache::Memcached', '-e', '1'],
  'Node: thrift': ['thrift', '--version'],
};

interface Example {
  readonly title: string;
  readonly language: Language;
  readonly text: string;
  /** What it is to print. */
  readonly prints: string;
  /** Whether it works though keys are echoed without their options. */
  readonly takesBareKeys: boolean;
}

const examples: readonly Example[] = document
  .split(/^## /m)
  .map((section) => /^([^\n]*)\n.*?^```(\w+)\n(.*?)^```$/ms.exec(section))
  .filter((match) => match !== null)
  .map(([, title = '', tag = '', text = '']) => {
    const row = document.split('\n').find((line) => isRowOf(line, title));
    return {
      ...{ title, text, language: languages[tag] as Language },
      prints: [...text.matchAll(/# prints: (.*)$/gm)].map((match) => `${match[1]}\n`).join(''),
      takesBareKeys: row?.split('|')[3]?.trim() === 'not needed',
    };
  });

function isRowOf(line: string, title: string): boolean {
  const [, name = ''] = line.split('|');
  return name.trim().replace(/ [\d.]+( \(.*\))?$/, '') === title;
}

function isInstalled({ title }: Example): boolean {
  const [command, ...args] = needs[title] ?? [];
  if (command === undefined || spawnSync(command, args).status === 0) return true;
  if (process.env['CI']) throw new Error(`what ${title} needs is not installed`);
  console.log(`skipped: ${title} is not installed`);
  return false;
}

/** A program on its way. */
class Run {
  readonly #child: ChildProcess;
  #out = '';
  #errors = '';
  readonly paused: Promise<void>;
  readonly ended: Promise<number | null>;

  constructor(example: Example, nodes: readonly NodeProcess[], pauses: 'pauses' | 'goes on') {
    const { language, text } = example;
    const folder = temporaryFolder();
    const [first, second = first, third = first] = nodes.map(({ memcachePort }) => String(memcachePort));
    const thriftPort = String(nodes[0]?.thriftPort);
    const program = text
      .replaceAll('22133', first as string)
      .replaceAll('22134', second as string)
      .replaceAll('22135', third as string)
      .replaceAll('26133', thriftPort)
      .replaceAll('tasks', `tasks-of-${examples.indexOf(example)}`)
      .replace(new RegExp(`^.*${marker}$`, 'm'), pauses === 'pauses' ? language.pause : '');
    symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, language.file), program);
    if (text.includes('gen-nodejs')) {
      spawnSync('thrift', ['--gen', 'js:node', '-o', folder, join(repository, 'proto/kestrel.thrift')]);
    }
    const [command = '', ...args] = [...language.command, language.file];
    const child = spawn(command, args, { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'], timeout: 90_000 });
    this.#child = child;
    child.stderr.on('data', (chunk: Buffer) => {
      this.#errors += chunk.toString();
    });
    this.ended = new Promise((done, failed) => child.once('error', failed).once('close', done));
    this.paused = new Promise((done) => {
      child.stdout.on('data', (chunk: Buffer) => {
        this.#out += chunk.toString();
        if (this.#out.includes('restart\n')) done();
      });
      void this.ended.then(() => done());
    });
  }

  goOn(): void {
    this.#child.stdin?.on('error', () => undefined).write('\n');
  }

  get said(): string {
    return this.#out.replace('restart\n', '');
  }

  get errors(): string {
    return this.#errors;
  }
}

const there = examples.filter(isInstalled);
const runs = new Map<Example, Run>();
let bare: NodeProcess;

test.before(async () => {
  const folder = temporaryFolder();
  const cluster = await LocalCluster.start(3, ['--echo-key', 'full'], 5);
  const ports = await freePorts(5);
  bare = await NodeProcess.start({ data: join(folder, 'node'), directory: `lmdb:${join(folder, 'directory')}`, ports });
  for (const example of there) {
    const run = new Run(example, cluster.nodes, 'pauses');
    runs.set(example, run);
    await run.paused;
  }
  await cluster.node(0).stop();
  await cluster.startNode(0);
  await cluster.ready();
  for (const run of runs.values()) {
    run.goOn();
    await run.ended;
  }
  await bare.ready();
});

test.after(cleanUp);

test('the document has a row, a program and a pause for each client', () => {
  const rows = document.split('\n').filter((line) => /^\| .* \| (not needed|needed) \|/.test(line));
  assert.is(examples.length, rows.length);
  for (const { title, text, language } of examples) {
    assert.is(rows.filter((row) => isRowOf(row, title)).length, 1, title);
    assert.ok(text.includes(marker) && language !== undefined, title);
  }
});

for (const example of examples) {
  const testIt = there.includes(example) ? test : test.skip;

  testIt(`${example.title}: through a restart`, async () => {
    const run = runs.get(example) as Run;
    assert.is(await run.ended, 0, run.errors);
    assert.is(run.said, example.prints);
  });

  testIt(`${example.title}: needs whole keys as the document says`, async () => {
    const run = new Run(example, [bare], 'goes on');
    assert.is((await run.ended) === 0, example.takesBareKeys, run.errors);
    const client = await bare.connect();
    await client.ask('flush_all');
  });
}

test.run();
