import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Progress } from './progress.ts';
import { formatMs, formatTable } from './report/format.ts';

test('on a terminal the line is rewritten, and cleared of what was longer', () => {
  let written = '';
  const progress = new Progress({ isTTY: true, columns: 30, write: (text) => (written += text) });
  progress.update('a long line indeed');
  progress.update('short');
  progress.note('stays');
  progress.update('x'.repeat(100));
  assert.is(written, `\ra long line indeed\rshort             \r     \rstays\n\r${'x'.repeat(29)}`);
});

test('elsewhere each update is a line', () => {
  let written = '';
  const progress = new Progress({ write: (text) => (written += text) });
  progress.update('one');
  progress.note('two');
  progress.finish();
  assert.is(written, 'one\ntwo\n');
});

test('numbers for people', () => {
  assert.is(formatMs(0.123), '0.12 ms');
  assert.is(formatMs(12.34), '12.3 ms');
  assert.is(formatMs(1234.5), '1,235 ms');
  assert.is(
    formatTable([
      ['', 'n'],
      ['set', '12'],
      ['x', '1'],
    ]),
    '      n\nset  12\nx     1',
  );
});

test.run();
