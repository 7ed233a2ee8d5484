import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { nanoid } from 'nanoid';
import { type Logger, pino } from 'pino';
import { openDirectory } from '../cluster/directory/open.ts';
import { type ClusterLog, defaultTiming } from '../cluster/driver.ts';
import { GrpcTransport } from '../cluster/grpc/grpc-transport.ts';
import { systemClock } from '../journal/base/clock.ts';
import { WindhoverError } from '../journal/base/errors.ts';
import { setV8Up } from '../journal/base/v8-settings.ts';
import { FileDisk } from '../journal/log/file-disk.ts';
import { makeFolder } from '../journal/log/folders.ts';
import { type FolderLock, lockFolder } from '../journal/log/lock-folder.ts';
import { serveAdmin } from './admin.ts';
import { BoundedTrace } from './bounded-trace.ts';
import type { Statistic } from './broker-api.ts';
import { ClientPorts } from './client-ports.ts';
import { WindhoverNode } from './node.ts';
import type { NodeSettings } from './settings/node-settings.ts';
import { readSettingsFile } from './settings/settings-file.ts';
import { version } from './version.ts';

/** Clients get so long to come to the end of what they sent. */
const farewellMs = 1500;
/** After SIGTERM the process ends within this time, whatever hangs. */
const endMs = 9500;

/** Everything that runs in this process, for its orderly end. */
interface Running {
  readonly node: WindhoverNode;
  readonly clients: ClientPorts;
  readonly admin: Server;
}

/** Runs a node until SIGTERM or SIGINT; gives the process's exit code. What is wrong at the start is one line on standard error. */
export async function runNode(settings: NodeSettings): Promise<number> {
  const { config } = settings;
  setV8Up();
  const logger = pino({ level: config.logLevel, base: null });
  const stop = stopRequest();
  // While it starts a node may wait for nothing but timers of the clock, which don't keep a process alive.
  const alive = setInterval(() => undefined, 60_000);
  let lock: FolderLock | undefined;
  try {
    await makeFolder(config.data);
    lock = await lockFolder(config.data);
    const { running, failed } = await start(settings, logger, stop);
    const why = await Promise.race([failed.then(() => 'failed' as const), stop.asked.then(() => 'stopped' as const)]);
    if (why === 'failed') return 1;
    if (running === undefined) return 0;
    return await end(running, logger);
  } catch (error) {
    const { message } = WindhoverError.from(error, 'the node could not start');
    logger.fatal(message);
    console.error(`windhover node: ${message}`);
    return 1;
  } finally {
    await lock?.release();
    clearInterval(alive);
    setTimeout(() => process.exit(), 200).unref();
  }
}

async function start(
  { config, offered, replication, path }: NodeSettings,
  logger: Logger,
  stop: StopRequest,
): Promise<{ running: Running | undefined; failed: Promise<WindhoverError> }> {
  let fail: (error: WindhoverError) => void = () => undefined;
  const failed = new Promise<WindhoverError>((resolve) => {
    fail = resolve;
  });
  const clients = new ClientPorts(
    new BoundedTrace(systemClock, (message, details) => logger.info(details, message)).write,
  );
  const starting = WindhoverNode.start(
    {
      clock: systemClock,
      disk: new FileDisk(config.data),
      directory: await openDirectory(config.directory, systemClock, { cluster: config.cluster }),
      transport: new GrpcTransport(systemClock),
      makeId: () => nanoid(12),
      bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
      timing: defaultTiming,
      log: clusterLog(logger),
      version,
      figures: { process: () => processFigures(clients) },
      failed: fail,
      shutdown: stop.now,
      offered,
      replication,
      reread: path === undefined ? undefined : () => readSettingsFile(path).value,
    },
    config,
  );
  const node = await Promise.race([starting, stop.asked.then(() => undefined), failed.then(() => undefined)]);
  if (node === undefined) return { running: undefined, failed };
  try {
    await clients.open(node, config);
    const admin = await serveAdmin(config.admin, node);
    logger.info(
      {
        listen: config.listen,
        text: config.text,
        thrift: config.thrift,
        admin: config.admin,
        peer: config.peer,
        node: node.record.id,
      },
      'serving',
    );
    return { running: { node, clients, admin }, failed };
  } catch (error) {
    // The others need not wait for the lease of a node that will not be.
    await node.close();
    throw error;
  }
}

/** Hands over, lets the clients finish, syncs and closes; gives the exit code. */
async function end({ node, clients, admin }: Running, logger: Logger): Promise<number> {
  const hurry = setTimeout(() => {
    logger.error('the end took too long and is cut short; nothing acknowledged is lost by that');
    process.exit(0);
  }, endMs);
  logger.info('draining');
  try {
    await node.drain();
    await clients.close(farewellMs);
    admin.close();
    await node.close();
    logger.info('stopped');
    return 0;
  } catch (error) {
    logger.error(WindhoverError.from(error, 'the node could not close in order').message);
    return 1;
  } finally {
    clearTimeout(hurry);
  }
}

/** That the process is to end in order. */
interface StopRequest {
  readonly asked: Promise<void>;
  readonly now: () => void;
}

/** Made by a signal, or by `now`. */
function stopRequest(): StopRequest {
  let now = (): void => undefined;
  const asked = new Promise<void>((resolve) => {
    now = resolve;
  });
  process.once('SIGTERM', now);
  process.once('SIGINT', now);
  return { asked, now };
}

function clusterLog(logger: Logger): ClusterLog {
  return {
    info: (message, details = {}) => logger.info(details, message),
    warn: (message, details = {}) => logger.warn(details, message),
    error: (message, details = {}) => logger.error(details, message),
  };
}

function processFigures({ counters }: ClientPorts): readonly Statistic[] {
  return [
    ['uptime', Math.floor(process.uptime())],
    ['time', Math.floor(Date.now() / 1000)],
    ['version', version],
    ['pid', process.pid],
    ['curr_connections', counters.connections],
    ['total_connections', counters.totalConnections],
    ['rejected_connections', counters.refusedConnections],
    ['idle_kicks', counters.idleDisconnects],
    ['bytes_read', counters.bytesRead],
    ['bytes_written', counters.bytesWritten],
    ['reserved_memory_ratio', (process.memoryUsage().heapUsed / process.memoryUsage().rss).toFixed(3)],
  ];
}
