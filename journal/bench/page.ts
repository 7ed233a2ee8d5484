import type { Table } from './parts.ts';

/** A table for a terminal. */
export function tableText({ title, head, rows }: Table): string {
  const widths = head.map((cell, column) => Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
  return [`\n${title}`, line(head), ...rows.map(line)].join('\n');
}

/** The whole page; `facts` are what the figures depend on. */
export function pageMarkdown(command: string, facts: readonly string[], tables: readonly Table[]): string {
  const blocks = [
    '# The store by itself',
    `Made by \`${command}\`; nothing below is written by hand.`,
    'The store of one node on a real disk, without the network and without clients: what `journal/` can do. Figures of different machines cannot be compared, and ratios only as they were taken within one run.',
    facts.map((fact) => `- ${fact}`).join('\n'),
    ...tables.flatMap(({ title, about, head, rows }) => [`## ${title}`, about, markdownTable(head, rows)]),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n');
}
