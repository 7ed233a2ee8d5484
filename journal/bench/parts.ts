import type { Holds } from './loop-watch.ts';
import type { AppendFigures, DrainFigures, FillFigures, KeepUpFigures, SettleFigures, Step } from './steps.ts';

/** Does a step in a process of its own, which is killed when it is done. */
export type RunStep = <Figures>(step: Step) => Promise<Figures>;

/** One table of the page. */
export interface Table {
  readonly title: string;
  readonly about: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A part of the benchmark: gives its table. `folder` makes an empty folder, and removes the one before. */
export interface Part {
  readonly name: string;
  measure(run: RunStep, folder: () => string, isFull: boolean): Promise<Table>;
}

const mebibyte = 1024 * 1024;

/** All parts, in the order of the page. */
export const parts: readonly Part[] = [
  { name: 'append', measure: measureAppend },
  { name: 'amplification', measure: measureAmplification },
  { name: 'settle', measure: measureSettling },
  { name: 'backlog', measure: measureBacklogs },
];

async function measureAppend(run: RunStep, folder: () => string): Promise<Table> {
  const cases = [
    { itemBytes: 1024, sync: 'always', batchBytes: 64 * 1024 },
    { itemBytes: 64, sync: 'always', batchBytes: 64 * 1024 },
    { itemBytes: 1024, sync: 'always', batchBytes: 512 * 1024 },
    { itemBytes: 1024, sync: 'never', batchBytes: 64 * 1024 },
  ] as const;
  const rows: string[][] = [];
  for (const each of cases) {
    const figures = await run<AppendFigures>({ kind: 'append', folder: folder(), ...each });
    const ratios = figures.rounds.map(({ rawBytesPerSecond, bytesPerSecond }) => bytesPerSecond / rawBytesPerSecond);
    rows.push([
      `${each.itemBytes} B, ${each.sync === 'always' ? 'synced' : 'not synced'}, batches of ${each.batchBytes / 1024} KiB`,
      count(figures.itemsPerSecond),
      `${(figures.meanBatchBytes / 1024).toFixed(0)} KiB`,
      rate(median(figures.rounds.map(({ bytesPerSecond }) => bytesPerSecond))),
      rate(median(figures.rounds.map(({ rawBytesPerSecond }) => rawBytesPerSecond))),
      spread(ratios),
    ]);
  }
  return {
    title: 'Append',
    about:
      'Items are appended as fast as they become durable, with so many bytes under way that a batch has about the size given. Beside it, in turn, the disk by itself: blocks of that size written one after another to a file that is there already, each with an `fdatasync` of its own, or, for what is not synced, with one at the end. The journal has made its files before. Rounds of 0.2 s, each beside one of the disk; the medians of twelve, and within which half of the ratios lie.',
    head: ['append', 'items/s', 'batches seen', 'to the journal', 'raw disk', 'of raw'],
    rows,
  };
}

async function measureAmplification(run: RunStep, folder: () => string): Promise<Table> {
  const rows: string[][] = [];
  for (const itemBytes of [1024, 64]) {
    const figures = await run<KeepUpFigures>({
      kind: 'keep up',
      folder: folder(),
      itemBytes,
      items: (256 * mebibyte) / Math.max(itemBytes, 256),
    });
    rows.push([`${itemBytes} B, taken at once`, count(figures.itemsPerSecond), figures.writtenPerAccepted.toFixed(2)]);
  }
  return {
    title: 'Bytes written for a byte accepted, by queues that keep up',
    about:
      'All that is written to the data folder, for each byte of items. Items of a queue that come within one millisecond share an entry; beside its data each has one or two bytes there, and their entry has 68, and 4 in the frame of its batch. Items are taken and removed sixteen at a time.',
    head: ['items', 'items/s', 'written for a byte'],
    rows,
  };
}

async function measureSettling(run: RunStep, folder: () => string): Promise<Table> {
  const rows: string[][] = [];
  const cases = [
    { itemBytes: 1024, partitions: 4, queuesInEach: 1 },
    { itemBytes: 64, partitions: 4, queuesInEach: 1 },
    { itemBytes: 1024, partitions: 8, queuesInEach: 12_500 },
  ];
  for (const each of cases) {
    const figures = await run<SettleFigures>({ kind: 'settle', folder: folder(), ...each });
    const name = `${each.itemBytes} B, ${count(each.partitions * each.queuesInEach)} queues`;
    rows.push([name, rate(figures.bytesPerSecond), held(figures.holds)]);
  }
  return {
    title: 'Settling',
    about:
      "A journal of 300 MiB, all of it alive, becomes backlog files, on an otherwise idle node. How long the event loop was held up at most, and how much of the processor's time was the most at once: on a busy machine the rest is waiting for it.",
    head: ['items', 'to backlog files', 'loop held up / of it busy'],
    rows,
  };
}

async function measureBacklogs(run: RunStep, folder: () => string, isFull: boolean): Promise<Table> {
  const cases = [
    { itemBytes: 64, items: 0 },
    { itemBytes: 64, items: 131_072 },
    { itemBytes: 64, items: 1_048_576 },
    { itemBytes: 1024, items: 524_288 },
    ...(isFull
      ? [
          { itemBytes: 64, items: 10_000_000 },
          { itemBytes: 1024, items: 5_000_000 },
        ]
      : []),
  ];
  const rows: string[][] = [];
  for (const { itemBytes, items } of cases) {
    const place = folder();
    const filled = await run<FillFigures>({ kind: 'fill', folder: place, itemBytes, items });
    const drained = await run<DrainFigures>({ kind: 'drain', folder: place, itemBytes });
    rows.push([
      `${count(items)} of ${itemBytes} B`,
      count(filled.itemsPerSecond),
      items === 0 ? '–' : filled.writtenPerAccepted.toFixed(2),
      held(filled.holds),
      `${mib(filled.peakResidentBytes)} / ${mib(filled.residentBytes)}`,
      `${ms(drained.openMs)} (${mib(drained.unsettledBytes)})`,
      mib(drained.residentBytes),
      items === 0 ? '–' : count(drained.itemsPerSecond),
      items === 0 ? '–' : (drained.itemsPerSecond / drained.shallowItemsPerSecond).toFixed(2),
      held(drained.holds),
      mib(drained.folderBytes),
    ]);
  }
  return {
    title: 'Backlogs',
    about:
      'Queues are filled, the process is killed, another one opens the store and drains it. Resident is what a node without connections and with no item in memory takes, as a follower is: the most while it was filled, and some seconds later. A drain is beside one of 131,072 items that were only just put in, in the same process.',
    head: [
      'backlog',
      'filled, items/s',
      'written for a byte',
      'loop held up / of it busy',
      'resident, peak / rest',
      'restart (journal read)',
      'resident then',
      'drained, items/s',
      'of shallow',
      'loop held up / of it busy',
      'on disk when empty',
    ],
    rows,
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[sorted.length >>> 1] ?? 0;
}

function spread(values: readonly number[]): string {
  const sorted = [...values].sort((one, other) => one - other);
  const [low, high] = [sorted[sorted.length >>> 2] ?? 0, sorted[(sorted.length * 3) >>> 2] ?? 0];
  return `${median(values).toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function rate(bytesPerSecond: number): string {
  return `${(bytesPerSecond / mebibyte).toFixed(0)} MiB/s`;
}

function mib(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(0)} MiB`;
}

function held({ longestMs, mostBusyMs }: Holds): string {
  return `${ms(longestMs)} / ${ms(mostBusyMs)}`;
}

function ms(value: number): string {
  return value < 100 ? `${value.toFixed(1)} ms` : `${(value / 1000).toFixed(2)} s`;
}
