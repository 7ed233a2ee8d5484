import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { RunResult } from '../result.ts';
import { distributionCharts, maxPoints, timeCharts } from './charts.ts';
import { marksOf, runSeconds } from './marks.ts';
import { html, jsonForScript, Markup, nothing } from './markup.ts';
import {
  chartFigures,
  errorsSection,
  eventsSection,
  factsSection,
  figuresSection,
  latencySection,
  marksKey,
  phasesSection,
  stallsSection,
  titleSection,
  verdictSection,
} from './sections.ts';
import { verdictOf } from './verdict.ts';

/**
 * A run as one page that needs nothing else: style, charts and data are in it. It asks the browser to run and load
 * nothing but these very scripts and styles (a policy by their hashes), whatever texts the result may hold.
 */
export function reportPage(result: RunResult): string {
  const { styles, scripts } = assets();
  const time = timeCharts(result);
  const distribution = distributionCharts(result);
  const data = {
    seconds: runSeconds(result),
    marks: marksOf(result),
    charts: [...time, ...distribution],
  };
  const policy = [
    "default-src 'none'",
    'img-src data:',
    `style-src ${styles.map(hashOf).join(' ')}`,
    `script-src ${scripts.map(hashOf).join(' ')}`,
  ].join('; ');
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<link rel="icon" href="data:,">
<title>${result.scenario} ${verdictOf(result).passed ? 'passed' : 'failed'}, ${result.startedAt.slice(0, 10)}</title>
${styles.map((style) => new Markup(`<style>${style}</style>`))}
</head>
<body>
<main>
${titleSection(result)}
${verdictSection(result)}
${figuresSection(result)}
${time.length === 0 ? nothing : timeSection(result, chartFigures(time))}
${eventsSection(result)}
${stallsSection(result)}
<section aria-labelledby="latency"><h2 id="latency">Rates and latencies</h2>
${latencySection(result)}
<div class="charts">${chartFigures(distribution)}</div></section>
${phasesSection(result)}
${errorsSection(result)}
${factsSection(result)}
<noscript><p>The charts need JavaScript.</p></noscript>
</main>
<script type="application/json" id="data">${jsonForScript(data)}</script>
${scripts.map((script) => new Markup(`<script>${script}</script>`))}
</body>
</html>
`.text;
}

function timeSection(result: RunResult, figures: readonly Markup[]): Markup {
  const each = Math.ceil(result.series.length / maxPoints);
  const thinned =
    each > 1 ? html` Each point stands for ${each} measured ones: the mean of rates, the worst of all else.` : nothing;
  return html`<section aria-labelledby="time"><h2 id="time">Over time</h2>
${marksKey(result)}
<p class="quiet screen">Drag to look closer, double-click to see all again. With the keyboard: arrow keys.${thinned}</p>
<div class="charts">${figures}</div></section>`;
}

interface Assets {
  readonly styles: readonly string[];
  readonly scripts: readonly string[];
}

let read: Assets | undefined;

/** uPlot as its package has it, and what stands in page/. Read once. */
function assets(): Assets {
  const { resolve } = createRequire(import.meta.url);
  const uplot = (name: string): string => readFileSync(resolve(`uplot/${name}`), 'utf8');
  const own = (name: string): string => readFileSync(new URL(`page/${name}`, import.meta.url), 'utf8');
  read ??= {
    styles: [uplot('dist/uPlot.min.css'), own('style.css'), own('charts.css')],
    scripts: [`/*\n${uplot('LICENSE')}*/\n${uplot('dist/uPlot.iife.min.js')}`, own('charts.js')],
  };
  return read;
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
