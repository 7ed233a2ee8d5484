import type { Statistic } from './broker-api.ts';

/**
 * Those of the statistics that are numbers, as samples of one gauge in Prometheus's text format. A registry of the
 * library's would take ten times as long for a page of thousands, and keep a sample of every queue there has ever been.
 */
export function statisticsPage(statistics: readonly Statistic[]): string {
  let page =
    '# HELP windhover_statistic the server’s statistics, under the names that `stats` has\n# TYPE windhover_statistic gauge\n';
  for (const [name, value] of statistics) {
    if (typeof value === 'number') page += `windhover_statistic{name="${escaped(name)}"} ${value}\n`;
  }
  return page;
}

/** As the format wants it in a label's value. */
function escaped(name: string): string {
  return name.replace(/["\\\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}
