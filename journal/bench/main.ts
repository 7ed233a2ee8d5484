/** `npm run bench:store`: what the store does on this machine's disk, beside what the disk does by itself. */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { WindhoverError } from '../base/errors.ts';
import { startFlags } from '../base/v8-settings.ts';
import { pageMarkdown, tableText } from './page.ts';
import { parts, type Table } from './parts.ts';
import type { Step } from './steps.ts';

const usage = `npm run bench:store -- [options]
  --folder FOLDER   on the disk to be measured (default: the system's temporary one); what is made in it is removed
  --only PART       ${parts.map(({ name }) => name).join(', ')}; may be given more than once
  --full            backlogs also of 10 million items of 64 B and 5 million of 1 KiB: minutes, and 15 GB of room
  --markdown FILE   writes the page there`;

const { values } = parseArgs({
  options: {
    folder: { type: 'string', default: os.tmpdir() },
    only: { type: 'string', multiple: true },
    full: { type: 'boolean', default: false },
    markdown: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const names = parts.map(({ name }) => name);
const unknown = values.only?.find((name) => !names.includes(name));
if (values.help) console.log(usage);
else if (unknown !== undefined) fail(`--only ${unknown}: there are ${names.join(', ')}`);
else await measure();

function fail(why: string): void {
  console.error(why);
  process.exitCode = 2;
}

async function measure(): Promise<void> {
  const root = mkdtempSync(join(values.folder, 'bench-store-'));
  let folder: string | undefined;
  const nextFolder = (): string => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    folder = mkdtempSync(join(root, 'data-'));
    return folder;
  };
  const tables: Table[] = [];
  try {
    for (const part of parts) {
      if (values.only !== undefined && !values.only.includes(part.name)) continue;
      const table = await part.measure(inProcess, nextFolder, values.full);
      tables.push(table);
      console.log(tableText(table));
    }
    if (values.markdown !== undefined) writeFileSync(values.markdown, pageMarkdown(command(), facts(), tables));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Does the step in a process of its own, and kills that, so that the next step meets what a crash leaves. */
function inProcess<Figures>(step: Step): Promise<Figures> {
  const program = join(import.meta.dirname, `step-process${extname(import.meta.filename)}`);
  const child = fork(program, { execArgv: [...process.execArgv, ...startFlags] });
  return new Promise((resolve, reject) => {
    let figures: Figures | undefined;
    child.once('message', (answer) => {
      figures = answer as Figures;
      child.kill('SIGKILL');
    });
    child.once('exit', () => {
      console.error(`${step.kind}, ${step.itemBytes} B: ${JSON.stringify(figures)}`);
      if (figures === undefined) reject(new WindhoverError('io', `the step "${step.kind}" broke off`));
      else resolve(figures);
    });
    child.send(step);
  });
}

function command(): string {
  return ['npm run bench:store --', ...process.argv.slice(2)].join(' ');
}

function facts(): string[] {
  const cpus = os.cpus();
  const memory = `${Math.round(os.totalmem() / 2 ** 30)} GiB`;
  return [
    `Machine: ${cpus.length} × ${cpus[0]?.model.trim() ?? 'unknown'}, ${memory}, ${os.type()} ${os.release()}`,
    `Date: ${new Date().toISOString().slice(0, 10)}`,
    `Node ${process.versions.node}`,
  ];
}
