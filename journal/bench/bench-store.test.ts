import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BenchStore, folderBytes } from './bench-store.ts';
import { pageMarkdown, tableText } from './page.ts';

test('queues are filled and drained, and all that is written to the disk is counted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-store-'));
  const settings = { segmentBytes: 1 << 20, maxBatchBytes: 1 << 16, limitBytes: 1 << 23, unsettledBytes: 1 << 19 };
  const bench = await BenchStore.open(folder, 'always', settings);
  try {
    await bench.makeQueues(3);
    const { bytesWritten } = bench.disk.traffic('journal');
    assert.is(await bench.fill(1000, 3000), 3000);
    assert.is(bench.count, 3000);
    const journalBytes = bench.disk.traffic('journal').bytesWritten - bytesWritten;
    assert.ok(journalBytes > 3000 * 1000 && journalBytes < 3000 * 1100, `${journalBytes} bytes`);
    await bench.rest(300);
    assert.ok(bench.disk.traffic('backlog').bytesWritten > 1_000_000, 'full segments were settled');
    assert.ok(bench.disk.bytesWritten > journalBytes * 2);
    assert.ok(folderBytes(folder) > 3000 * 1000);
    assert.is(await bench.drain(), 3000);
    assert.is(bench.count, 0);
  } finally {
    await bench.store.close();
    rmSync(folder, { recursive: true });
  }
});

test('a table is shown on a terminal, and as markdown', () => {
  const table = { title: 'Append', about: 'What it is.', head: ['items', 'rate'], rows: [['64 B', '1,000']] };
  assert.is(tableText(table), '\nAppend\nitems  rate \n64 B   1,000');
  const page = pageMarkdown('npm run bench:store', ['Node 20'], [table]);
  assert.match(page, '- Node 20\n\n## Append\n\nWhat it is.\n\n| items | rate |\n| --- | --: |\n| 64 B | 1,000 |\n');
});

test.run();
