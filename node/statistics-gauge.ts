import { Gauge, type MetricObjectWithValues, type MetricValue } from 'prom-client';
import type { Statistic } from './broker-api.ts';

/**
 * Those of the statistics that are numbers, each a sample. They are asked for when the page is made: samples that are
 * set and kept would still be there when their queue is gone, and cost a scrape of thousands twice as much.
 */
export class StatisticsGauge extends Gauge<'name'> {
  readonly #statistics: () => readonly Statistic[];

  constructor(statistics: () => readonly Statistic[]) {
    super({
      name: 'windhover_statistic',
      help: "the server's statistics, under the names that `stats` has",
      labelNames: ['name'],
      registers: [],
    });
    this.#statistics = statistics;
  }

  override async get(): Promise<MetricObjectWithValues<MetricValue<'name'>>> {
    const values: MetricValue<'name'>[] = [];
    for (const [name, value] of this.#statistics())
      if (typeof value === 'number') values.push({ labels: { name }, value });
    return { ...(await super.get()), values };
  }
}
