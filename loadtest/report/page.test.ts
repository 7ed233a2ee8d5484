/** The report page in Debian's Chromium: that it draws what the result says, for every reader. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { RunResult } from '../result.ts';
import { sampleResult } from '../testing/sample-result.ts';
import { reportPage } from './html.ts';

const executable = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'].concat(
  ['background-networking', 'component-update', 'sync'].map((what) => `--disable-${what}`),
);

/** `test` where there is a Chromium; in CI there has to be one. */
function testInChromium(): typeof test | typeof test.skip {
  if (existsSync(executable)) return test;
  if (process.env['CI']) throw new Error(`chromium is not installed at ${executable}`);
  console.log(`skipped: chromium is not installed at ${executable}`);
  return test.skip;
}

const testPage = testInChromium();
const folder = mkdtempSync(join(tmpdir(), 'windhover-report-'));
let browser: Browser;
let pages = 0;

test.before(async () => {
  if (testPage === test) browser = await chromium.launch({ executablePath: executable, args });
});

test.after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

function changed(change: (result: RunResult) => void): RunResult {
  const result = sampleResult();
  change(result);
  return result;
}

/** Opens the page of a result from a file, hands it to `look`, and holds it to making no request and no complaint. */
async function onPage(
  result: RunResult,
  options: BrowserContextOptions,
  look: (page: Page) => Promise<void>,
): Promise<void> {
  const file = join(folder, `${pages++}.html`);
  writeFileSync(file, reportPage(result));
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => requests.push(request.url()));
  try {
    const address = pathToFileURL(file).href;
    await page.goto(address);
    await look(page);
    assert.equal(complaints, []);
    assert.equal(
      requests.filter((url) => !url.startsWith('data:')),
      [address],
    );
  } finally {
    await context.close();
  }
}

/** How many pixels of a chart have one of the page's colours, opaque or with another `alpha` of 255. */
function pixels(page: Page, chart: string, colour: string, alpha = 255): Promise<number> {
  return page.evaluate(`(() => {
    const name = getComputedStyle(document.documentElement).getPropertyValue('--${colour}').trim();
    const wanted = [1, 3, 5].map((at) => parseInt(name.slice(at, at + 2), 16));
    const canvas = document.querySelector('#${chart} canvas');
    const copy = Object.assign(document.createElement('canvas'), { width: canvas.width, height: canvas.height });
    const context = copy.getContext('2d', { willReadFrequently: true });
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let at = 0; at < data.length; at += 4) {
      if (data[at + 3] === ${alpha} && wanted.every((value, part) => Math.abs(data[at + part] - value) < ${alpha < 255 ? 9 : 3})) count++;
    }
    return count;
  })()`);
}

async function text(page: Page, selector: string): Promise<string> {
  return ((await page.textContent(selector)) ?? '').trim();
}

/** How opaque the shade is that covers a node's absence. */
const shade = 0x1c;
const allCharts = ['rate', 'latency-set', 'latency-get', 'latency-close', 'trouble', 'depth', 'nodes'].concat([
  'generator-cpu',
  'generator-lag',
  'percentiles',
  'histogram',
]);

testPage("every chart is drawn, in its lines' colours, in light and in dark", async () => {
  const backgrounds: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await onPage(sampleResult(), { colorScheme }, async (page) => {
      const ids = await page.$$eval('figure', (figures) => figures.map((figure) => figure.id));
      assert.equal(ids, allCharts);
      for (const chart of allCharts) {
        const own = { trouble: 'bad', nodes: 'node2', rate: 'set', percentiles: 'get', histogram: 'close' }[chart];
        const colour = own ?? (chart.startsWith('latency-') ? chart.slice('latency-'.length) : 'plain');
        assert.ok((await pixels(page, chart, colour)) > 100, `${chart}: nothing drawn in ${colour}, ${colorScheme}`);
      }
      backgrounds.push(await page.evaluate('getComputedStyle(document.body).backgroundColor'));
    });
  }
  assert.equal(backgrounds, ['rgb(255, 255, 255)', 'rgb(17, 22, 28)']);
});

testPage('charts follow when the reader turns to dark, and print in light', async () => {
  await onPage(sampleResult(), { colorScheme: 'light' }, async (page) => {
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.waitForTimeout(50);
    assert.ok((await pixels(page, 'rate', 'set')) > 100);
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    await page.waitForTimeout(50);
    assert.is(await page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--set')"), '#1f6fb2');
    assert.ok((await pixels(page, 'rate', 'set')) > 100);
  });
});

testPage('faults are marked in every chart over time, and listed under the same numbers', async () => {
  const quiet = changed((result) => {
    result.events = [];
    result.stalls = [];
  });
  await onPage(quiet, {}, async (page) => {
    assert.is(await pixels(page, 'rate', 'bad'), 0);
    assert.is(await pixels(page, 'rate', 'stall'), 0);
    assert.is(await pixels(page, 'rate', 'bad', shade), 0);
    assert.is(await page.$('.key'), null);
    assert.is(await page.$('.events'), null);
  });
  await onPage(sampleResult(), {}, async (page) => {
    for (const chart of allCharts.slice(0, -2)) {
      assert.ok((await pixels(page, chart, 'bad')) > 200, `${chart}: kill and pause`);
      assert.ok((await pixels(page, chart, 'good')) > 100, `${chart}: start and resume`);
      assert.ok((await pixels(page, chart, 'stall')) > 20, `${chart}: stalls`);
      assert.ok((await pixels(page, chart, 'bad', shade)) > 1000, `${chart}: while a node was away`);
    }
    assert.is(await pixels(page, 'histogram', 'bad'), 0);
    const rows = await page.$$eval('.events tbody tr', (list) => list.map((row) => row.textContent));
    assert.is(rows.length, 4);
    assert.match(rows[0] ?? '', /^1\s*20\.2 s\s*node 2 killed$/);
    assert.match(await text(page, '.key'), /killed, stopped or paused[\s\S]*waits unusually long/);
  });
});

testPage('a phone gets everything without scrolling sideways, and charts fit when it is turned', async () => {
  const wide = changed((result) => {
    result.scenario = 'a-scenario-with-a-name-that-has-no-end-and-no-space-to-break-it-at-all';
    result.targets = result.targets.map((target) => `windhover-server.in-some.far-away.datacentre.example:${target}`);
    result.errorSamples = [{ text: 'x'.repeat(300), count: 1 }];
    result.verdict.failures = ['y'.repeat(200)];
  });
  for (const result of [sampleResult(), wide]) {
    await onPage(result, { viewport: { width: 390, height: 844 }, isMobile: true }, async (page) => {
      assert.is(await page.evaluate('document.documentElement.scrollWidth'), 390);
      assert.ok(((await page.evaluate("document.querySelector('canvas').clientWidth")) as number) <= 390);
      await page.setViewportSize({ width: 844, height: 390 });
      await page.waitForTimeout(100);
      assert.is(await page.evaluate('document.documentElement.scrollWidth'), 844);
      assert.ok(((await page.evaluate("document.querySelector('#rate canvas').clientWidth")) as number) > 700);
    });
  }
});

testPage('no text of a result can break the page or run in it', async () => {
  const attack = '</script><script>window.broken = 1</script><img src=x onerror="window.broken = 1">\'"&<!--';
  const hostile = changed((result) => {
    result.scenario = attack;
    result.description = attack;
    result.protocol = attack;
    result.command = ['windhover', attack];
    result.targets = result.targets.map(() => attack);
    result.perTarget = result.perTarget.map((one) => ({ ...one, target: attack }));
    result.phases = result.phases.map((phase) => ({ ...phase, name: attack }));
    result.events = result.events.map((event) => ({ ...event, text: attack }));
    result.errorSamples = [{ text: attack, count: 1 }];
    result.verdict.failures = [attack, attack];
    result.generator.limit = attack;
    result.machine = { node: attack, platform: attack, cpus: attack };
  });
  await onPage(hostile, {}, async (page) => {
    assert.is(await page.evaluate('typeof window.broken'), 'undefined');
    assert.is(await page.evaluate("document.querySelector('h1').textContent"), attack);
    assert.is(await page.evaluate("document.querySelector('.errors code').textContent"), attack);
    assert.is(await page.evaluate("document.querySelector('#nodes .u-label').nextSibling"), null);
    assert.is((await page.$$('canvas')).length, allCharts.length);
    assert.is((await page.$$('img')).length, 0);
  });
});

testPage('the verdict stands first, in words', async () => {
  await onPage(sampleResult(), {}, async (page) => {
    assert.match(await text(page, '.verdict.passed h2'), /Passed: none of 1,138,765 acknowledged items was lost\.$/);
    assert.match(await text(page, '.verdict'), /214 delivered again/);
    assert.is(await page.title(), 'failover passed, 2026-11-22');
    assert.is(await page.$('.doubt'), null);
  });
  const failed = changed((result) => {
    result.verdict.failures = ['3 acknowledged items were lost', 'the drain failed'];
    result.generator.limit = 'a process used 98 % of a core';
  });
  await onPage(failed, {}, async (page) => {
    assert.match(
      await text(page, '.verdict.failed'),
      /Failed in 2 ways\.\s*3 acknowledged items were lost\s*the drain/,
    );
    assert.match(await text(page, '.doubt'), /may have been the limit, not the server: a process used 98 %/);
  });
});

testPage('the keyboard reads out values, hides lines, and opens the data as a table', async () => {
  await onPage(sampleResult(), {}, async (page) => {
    await page.focus('#rate .plot');
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowLeft');
    assert.match(await text(page, '#rate .readout'), /^59 s: set [\d,]+\/s, get [\d,]+\/s, close [\d,]+\/s$/);
    await page.focus('#rate .u-series:nth-child(2) th');
    await page.keyboard.press('Enter');
    assert.is(await page.getAttribute('#rate .u-series:nth-child(2) th', 'aria-pressed'), 'false');
    assert.is(await pixels(page, 'rate', 'set'), 0);
    await page.focus('#rate summary');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#rate details table');
    assert.is((await page.$$('#rate details tbody tr')).length, 60);
    assert.match(await text(page, '#rate details tbody tr:nth-child(48)'), /^48 s\s*0\/s\s*0\/s\s*0\/s$/);
  });
});

testPage('a run that measured nothing, or a single second, is a page as well', async () => {
  const empty = changed((result) => {
    result.series = [];
    result.histograms = {};
    result.totals = {};
    for (const phase of result.phases) phase.operations = {};
  });
  await onPage(empty, {}, async (page) => {
    assert.is((await page.$$('canvas')).length, 0);
    assert.match(await text(page, 'main'), /No operation succeeded\./);
  });
  const short = changed((result) => {
    result.phases = [{ ...result.phases[0]!, seconds: 1 }];
    result.series.length = 1;
    result.events = [];
    result.histograms = { set: [{ upToMs: 1, count: 1 }] };
  });
  await onPage(short, {}, async (page) => {
    assert.ok((await pixels(page, 'latency-set', 'set')) > 5, 'a single value is a point');
  });
});

test.run();
