import { createServer, type Server } from 'node:http';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { WindhoverError } from '../journal/base/errors.ts';
import type { WindhoverNode } from './node.ts';
import { StatisticsGauge } from './statistics-gauge.ts';

/**
 * The library samples how late the event loop is by a timer of so many milliseconds. At its default, 10, that timer alone
 * takes a third of what an idle node does, and every figure contains its interval; what it would tell is not shown.
 */
const neverMs = 2 ** 31 - 1;
const sampledLag = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'].map(
  (kind) => `nodejs_eventloop_lag_${kind}_seconds`,
);

/** Starts the admin HTTP server: `/ready` (200, or 503 with the reason), `/metrics` (Prometheus). */
export async function serveAdmin(address: string, node: WindhoverNode): Promise<Server> {
  const registry = metricsOf(node);
  const pages: Readonly<Record<string, () => Promise<Page>>> = {
    '/ready': async () => {
      const why = node.cluster.unready();
      return {
        status: why === undefined ? 200 : 503,
        type: 'application/json',
        body: JSON.stringify({ ready: why === undefined, why }),
      };
    },
    '/metrics': async () => ({ status: 200, type: registry.contentType, body: await registry.metrics() }),
  };
  const server = createServer((request, response) => {
    const page = pages[request.url ?? ''];
    if (page === undefined) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end(`there are ${Object.keys(pages).join(' and ')}\n`);
      return;
    }
    page().then(
      ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(`${body}\n`),
      () => response.writeHead(500).end(),
    );
  });
  server.requestTimeout = 5000;
  server.headersTimeout = 5000;
  server.maxConnections = 100;
  await listen(server, address);
  return server;
}

interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

function listen(server: Server, address: string): Promise<void> {
  const colon = address.lastIndexOf(':');
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(WindhoverError.from(error, `admin HTTP on ${address}`)));
    server.listen(Number(address.slice(colon + 1)), address.slice(0, colon), resolve);
  });
}

function metricsOf(node: WindhoverNode): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: neverMs });
  for (const name of sampledLag) registry.removeSingleMetric(name);
  registry.registerMetric(new StatisticsGauge(() => node.broker.statistics('server')));
  return registry;
}
