import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { entryHeaderBytes, entryLayout, maxEntryBodyBytes } from './entry.ts';
import { frameHeaderBytes, frameLayout, frameMagic } from './frame.ts';
import { encodeSegmentHeader, journalFileName, segmentHeaderBytes, segmentLayout, segmentVersion } from './segment.ts';

const document = readFileSync(new URL('../../docs/journal-format.md', import.meta.url), 'utf8');

type Layout = readonly (readonly [offset: number, bytes: number, name: string])[];

/** What stands under a heading, to the next one. */
function section(heading: string): string {
  const start = document.indexOf(`\n## ${heading}\n`);
  assert.ok(start >= 0, `the document has a section "${heading}"`);
  const end = document.indexOf('\n#', start + 4);
  return document.slice(start, end < 0 ? undefined : end);
}

/** The rows of the section's table of fields. */
function documented(heading: string): Layout {
  return [...section(heading).matchAll(/^\| (\d+) \| (\d+) \| (\w+) \|/gm)].map(
    ([, offset, bytes, name]) => [Number(offset), Number(bytes), name ?? ''] as const,
  );
}

/** Fields without gaps; gives where the last one ends. */
function endOf(layout: Layout): number {
  let end = 0;
  for (const [offset, bytes, name] of layout) {
    assert.is(offset, end, `${name} follows the field before it`);
    end = offset + bytes;
  }
  return end;
}

test('the tables of the segment header, the frame and the entry are those of the code', () => {
  assert.equal(documented('Segment header'), segmentLayout);
  assert.equal(documented('Frame'), frameLayout);
  assert.equal(documented('Entry'), entryLayout);
});

test('the fields fill their headers', () => {
  assert.ok(endOf(segmentLayout) <= segmentHeaderBytes);
  assert.is(endOf(frameLayout), frameHeaderBytes);
  assert.is(endOf(entryLayout), entryHeaderBytes);
});

test('sizes, magics and names in the text are those of the code', () => {
  assert.ok(section('Segment header').includes(`The first ${segmentHeaderBytes} bytes`));
  assert.ok(section('Segment header').includes(`| version | ${segmentVersion};`));
  const block = encodeSegmentHeader({ number: 1, previousNumber: 0, previousEnd: 0, firstBatch: 1, salt: 0 });
  assert.is(block.toString('latin1', 0, 8), 'WHSEG\0\0\0');
  assert.ok(section('Frame').includes(`\`${frameMagic.toString('latin1')}\``));
  assert.ok(section('Entry').includes(`The body begins at offset ${entryHeaderBytes}.`));
  assert.ok(section('Entry').includes(`at most ${maxEntryBodyBytes / 2 ** 20} MiB`));
  for (const [number, kind] of [
    [7, 'segment'],
    [3, 'spare'],
    [4, 'new'],
  ] as const) {
    assert.ok(document.includes(`\`${journalFileName(number, kind)}\``));
  }
});

test.run();
