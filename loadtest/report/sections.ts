import { type LatencyResult, operationKinds, type PhaseResult, type RunResult } from '../result.ts';
import type { Chart } from './charts.ts';
import { formatCount, formatMs, formatSeconds } from './format.ts';
import { orderedEvents, runSeconds, toneOf } from './marks.ts';
import { html, type Markup, nothing } from './markup.ts';
import { verdictOf } from './verdict.ts';

/** The parts of the page, from the top down. What has nothing to show is `nothing`. */

export function titleSection(result: RunResult): Markup {
  const servers = result.targets.length === 1 ? 'one server' : `${result.targets.length} servers`;
  return html`<header>
<p class="overline">Windhover load test</p>
<h1>${result.scenario}</h1>
<p class="lead">${result.description}</p>
<p class="quiet">${formatDate(result.startedAt)} · ${formatCount(runSeconds(result))} s · ${servers} · ${result.protocol}</p>
</header>`;
}

export function verdictSection(result: RunResult): Markup {
  const { passed, headline, counts, failures } = verdictOf(result);
  const list = failures.length > 1 ? html`<ul>${failures.map((failure) => html`<li>${failure}</li>`)}</ul>` : nothing;
  const { limit } = result.generator;
  const doubt =
    limit === null
      ? nothing
      : html`<p class="doubt"><strong>The load generator may have been the limit, not the server:</strong> ${limit}</p>`;
  return html`<section class="verdict ${passed ? 'passed' : 'failed'}" aria-labelledby="verdict">
<h2 id="verdict"><span class="sign" aria-hidden="true">${passed ? '✓' : '✗'}</span>${headline}</h2>
${list}
${counts === '' ? nothing : html`<p>${counts}</p>`}
</section>
${doubt}`;
}

/** The few figures that everyone asks for first. */
export function figuresSection(result: RunResult): Markup {
  const { set, get } = result.totals;
  const errors = result.phases.reduce((sum, phase) => sum + phase.errors, 0);
  const [longest] = result.stalls;
  const figures: [string, string][] = [];
  for (const [name, latency] of [['set', set] as const, ['get', get] as const]) {
    if (latency !== undefined && latency.operations > 0) {
      figures.push([`${name}s a second`, formatCount(latency.perSecond)], [`p99 of ${name}s`, formatMs(latency.p99Ms)]);
    }
  }
  figures.push(['longest stall', longest === undefined ? 'none' : formatSeconds(longest.durationMs / 1000)]);
  figures.push(['errors', formatCount(errors)]);
  return html`<dl class="figures">
${figures.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
</dl>`;
}

/** The places that page/charts.js draws into; without scripts, the sentence of what each would show. */
export function chartFigures(charts: readonly Chart[]): Markup[] {
  return charts.map(
    ({ id, title, about, summary, isWide }) => html`<figure class="${isWide ? 'chart wide' : 'chart'}" id="${id}">
<figcaption><h3 id="${id}-title">${title}</h3><p>${about}</p></figcaption>
<div class="plot" role="img" tabindex="0" aria-labelledby="${id}-title" aria-describedby="${id}-summary"></div>
<p class="readout unseen" aria-live="polite"></p>
<p class="unseen" id="${id}-summary">${summary}</p>
<details><summary>Data<span class="unseen"> of ${title}</span></summary><div class="scroll" tabindex="0" role="region" aria-label="Data of ${title}"></div></details>
</figure>`,
  );
}

/** What the marks in charts over time mean; only those that occur. */
export function marksKey(result: RunResult): Markup {
  const tones = new Set(result.events.map(({ kind }) => toneOf(kind)));
  const entries: [string, string][] = [];
  if (tones.has('away')) entries.push(['away', 'a node is killed, stopped or paused'], ['outage', 'while it is gone']);
  if (tones.has('back')) entries.push(['back', 'a node is started or goes on']);
  if (tones.has('note')) entries.push(['note', 'a note']);
  if (result.stalls.length > 0) entries.push(['stall', 'an operation waits unusually long']);
  if (entries.length === 0) return nothing;
  return html`<ul class="key" aria-label="Marks in the charts">
${entries.map(([mark, meaning]) => html`<li><span class="mark ${mark}" aria-hidden="true"></span>${meaning}</li>`)}
</ul>`;
}

export function eventsSection(result: RunResult): Markup {
  const rows = orderedEvents(result).map(({ atSeconds, kind, text }, index) => [
    html`<span class="number ${toneOf(kind)}">${index + 1}</span>`,
    formatSeconds(atSeconds),
    text,
  ]);
  if (rows.length === 0) return nothing;
  return html`<section aria-labelledby="faults"><h2 id="faults">What was done to the servers</h2>
${table('Events, numbered as in the charts', ['', 'at', 'what'], rows, 'events')}</section>`;
}

export function stallsSection({ stalls }: RunResult): Markup {
  if (stalls.length === 0) return nothing;
  const rows = stalls.map(({ kind, atSeconds, durationMs }) => [kind, formatSeconds(atSeconds), formatMs(durationMs)]);
  return html`<section aria-labelledby="stalls"><h2 id="stalls">Longest stalls</h2>
${table('Stalls, longest first', ['operation', 'from', 'for'], rows, 'numeric')}</section>`;
}

/** Percentiles with a column a kind, which fits a phone; below it the phases where there are several. */
export function latencySection(result: RunResult): Markup {
  const kinds = operationKinds.filter((kind) => result.totals[kind] !== undefined);
  const measures: [string, (latency: LatencyResult) => string][] = [
    ['operations', ({ operations }) => formatCount(operations)],
    ['per second', ({ perSecond }) => formatCount(perSecond)],
    ['mean', ({ meanMs }) => formatMs(meanMs)],
    ['p50', ({ p50Ms }) => formatMs(p50Ms)],
    ['p90', ({ p90Ms }) => formatMs(p90Ms)],
    ['p99', ({ p99Ms }) => formatMs(p99Ms)],
    ['p99.9', ({ p999Ms }) => formatMs(p999Ms)],
    ['max', ({ maxMs }) => formatMs(maxMs)],
  ];
  if (kinds.length === 0) return html`<p>No operation succeeded.</p>`;
  const rows = measures.map(([name, of]) => [name, ...kinds.map((kind) => cell(result.totals[kind], of))]);
  return table('Rates and latencies of all measured phases', ['', ...kinds], rows, 'numeric');
}

export function phasesSection({ phases }: RunResult): Markup {
  if (phases.length < 2) return nothing;
  const head = ['operation', 'per second', 'p50', 'p99', 'max'];
  return html`<section aria-labelledby="phases"><h2 id="phases">Phases</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Rates and latencies by phase"><table class="numeric phases">
<caption class="unseen">Rates and latencies by phase</caption>
<thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
${phases.map(phaseRows)}
</table></div></section>`;
}

function phaseRows(phase: PhaseResult): Markup {
  const [from, to] = [phase.startSeconds, phase.startSeconds + phase.seconds].map((at) => Number(at.toFixed(1)));
  const facts = [`${from} to ${to} s`];
  if (phase.errors > 0) facts.push(`${formatCount(phase.errors)} errors`);
  if (phase.misses > 0) facts.push(`${formatCount(phase.misses)} misses`);
  if (phase.measured === false) facts.push('not counted');
  const rows = operationKinds.flatMap((kind) => {
    const latency = phase.operations[kind];
    if (latency === undefined) return [];
    const cells = [formatCount(latency.perSecond), ...[latency.p50Ms, latency.p99Ms, latency.maxMs].map(formatMs)];
    return [html`<tr><th scope="row">${kind}</th>${cells.map((text) => html`<td>${text}</td>`)}</tr>`];
  });
  return html`<tbody>
<tr><th scope="rowgroup" colspan="5"><strong>${phase.name}</strong> <span class="quiet">${facts.join(', ')}</span></th></tr>
${rows}
</tbody>`;
}

export function errorsSection({ errorSamples }: RunResult): Markup {
  if (errorSamples.length === 0) return nothing;
  const rows = errorSamples.map(({ text, count }) => [formatCount(count), html`<code>${text}</code>`]);
  return html`<section aria-labelledby="errors"><h2 id="errors">Errors</h2>
${table('Errors by text', ['times', 'text'], rows, 'errors')}</section>`;
}

export function factsSection(result: RunResult): Markup {
  const { generator, machine, perTarget } = result;
  const total = perTarget.reduce((sum, { operations }) => sum + operations, 0);
  const share = (operations: number): string => (total === 0 ? '' : ` (${Math.round((100 * operations) / total)} %)`);
  const due = result.phases.flatMap(({ name, duePerSecond }) =>
    duePerSecond === undefined ? [] : [`${name}: ${formatCount(duePerSecond)} begun a second`],
  );
  const schedule =
    due.length === 0
      ? 'none: a connection went on as soon as it was answered'
      : `${due.join(', ')}; latencies count from when each was due`;
  const facts: [string, Markup | string][] = [
    ['command', html`<code>${result.command.map(shellWord).join(' ')}</code>`],
    [
      'servers',
      html`<ul>${perTarget.map(
        ({ target, operations }) => html`<li>${target}: ${formatCount(operations)} operations${share(operations)}</li>`,
      )}</ul>`,
    ],
    ['schedule', schedule],
    [
      'generator',
      `${generator.workers} ${generator.workers === 1 ? 'process' : 'processes'}, ${formatSeconds(generator.cpuSeconds)} of CPU, late by ${formatMs(generator.maxLagMs)} at most`,
    ],
    ['machine', `${machine.cpus}, ${machine.platform}, Node ${machine.node}`],
    ['begun', result.startedAt],
  ];
  return html`<section aria-labelledby="facts"><h2 id="facts">The run</h2>
<dl class="facts">${facts.map(([name, fact]) => html`<div><dt>${name}</dt><dd>${fact}</dd></div>`)}</dl></section>`;
}

function cell(latency: LatencyResult | undefined, of: (latency: LatencyResult) => string): string {
  return latency === undefined || latency.operations === 0 ? '–' : of(latency);
}

/** The first column names the row. A table wider than its place scrolls by itself, also from the keyboard. */
function table(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly (string | Markup)[])[],
  look: string,
): Markup {
  const cells = ([first, ...others]: readonly (string | Markup)[]): Markup =>
    html`<tr><th scope="row">${first ?? ''}</th>${others.map((each) => html`<td>${each}</td>`)}</tr>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table class="${look}">
<caption class="unseen">${caption}</caption>
<thead><tr>${head.map((name) => (name === '' ? html`<td></td>` : html`<th scope="col">${name}</th>`))}</tr></thead>
<tbody>${rows.map(cells)}</tbody>
</table></div>`;
}

function formatDate(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`;
}
