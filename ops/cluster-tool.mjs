/**
 * What the shell scripts beside it cannot do by themselves on every system. Plain JavaScript, as it has to run before
 * anything is installed or built.
 *
 *   cluster-tool.mjs check-ports PORT=WHAT …                       names the ports that are taken; exit code 1 when any is
 *   cluster-tool.mjs launch LOG PIDFILE SCRIPT [ARGUMENT …]        starts a node process in a session of its own
 *   cluster-tool.mjs wait-ready SECONDS NUMBER=HOST:PORT=PID …     waits until each admin port answers /ready with 200
 */
import { spawn } from 'node:child_process';
import { openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const pollIntervalMs = 100;
const plainProgressIntervalMs = 5000;

/** Undefined when a server could listen on the port, else why not. */
function whyTaken(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(error.code === 'EADDRINUSE' ? 'in use by another program' : error.message));
    server.listen({ host: '127.0.0.1', port }, () => server.close(() => resolve(undefined)));
  });
}

async function checkPorts(wanted) {
  const taken = [];
  for (const each of wanted) {
    const [port, what] = each.split('=');
    const why = await whyTaken(Number(port));
    if (why !== undefined) taken.push(`port ${port} (${what}) is ${why}`);
  }
  if (taken.length === 0) return 0;
  console.log(taken.join('; '));
  return 1;
}

function launch(logPath, pidPath, script, ...scriptArguments) {
  const log = openSync(logPath, 'a');
  const child = spawn(process.execPath, ['--v8-pool-size=1', script, ...scriptArguments], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  // Whole or not at all: a script may read it at any moment.
  writeFileSync(`${pidPath}.new`, `${child.pid}\n`);
  renameSync(`${pidPath}.new`, pidPath);
  child.unref();
  return 0;
}

/** Undefined when the node says that it is ready, else why it is not. */
function whyNotReady(address) {
  return new Promise((resolve) => {
    const request = get(`http://${address}/ready`, { agent: false, timeout: 2000 }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => {
        body += text;
      });
      response.on('end', () => resolve(response.statusCode === 200 ? undefined : reasonIn(body)));
      response.on('error', (error) => resolve(error.message));
    });
    request.on('timeout', () => request.destroy(new Error('its admin port does not answer')));
    request.on('error', (error) => resolve(error.code === 'ECONNREFUSED' ? 'is starting' : error.message));
  });
}

function reasonIn(body) {
  try {
    const { why } = JSON.parse(body);
    if (typeof why === 'string') return why;
  } catch {
    // Not JSON: shown as it stands.
  }
  return body.trim().slice(0, 200) || 'is not ready';
}

/** Whether a process runs; one that has ended but was not collected yet does not. */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    // A system without /proc: the signal has to do.
    return process.platform !== 'linux';
  }
}

/** Shows how far it is: one live line on a terminal, a line every few seconds elsewhere. */
class Progress {
  #startedMs = performance.now();
  #saidMs = performance.now();

  show(text) {
    const nowMs = performance.now();
    const line = `${text} (${Math.floor((nowMs - this.#startedMs) / 1000)} s)`;
    if (process.stdout.isTTY) {
      process.stdout.write(`\r\x1b[K${line.slice(0, (process.stdout.columns ?? 80) - 1)}`);
    } else if (nowMs - this.#saidMs >= plainProgressIntervalMs) {
      this.#saidMs = nowMs;
      console.log(line);
    }
  }

  end(text) {
    const seconds = ((performance.now() - this.#startedMs) / 1000).toFixed(1);
    console.log(`${process.stdout.isTTY ? '\r\x1b[K' : ''}${text} ${seconds} s`);
  }
}

async function waitReady(limitSeconds, targets) {
  const nodes = targets.map((target) => {
    const [number, address, pid] = target.split('=');
    return { number, address, pid: Number(pid) };
  });
  const which = nodes.length === 1 ? `node ${nodes[0].number}` : `${nodes.length} nodes`;
  const deadlineMs = performance.now() + Number(limitSeconds) * 1000;
  const progress = new Progress();
  for (;;) {
    const dead = nodes.find((node) => !isAlive(node.pid));
    if (dead !== undefined) {
      progress.end(`node ${dead.number} (pid ${dead.pid}) ended after`);
      return 1;
    }
    const reasons = await Promise.all(nodes.map((node) => whyNotReady(node.address)));
    const first = reasons.findIndex((reason) => reason !== undefined);
    if (first === -1) {
      progress.end(`${which} ready after`);
      return 0;
    }
    const readyCount = reasons.filter((reason) => reason === undefined).length;
    const state = `${readyCount} of ${nodes.length} ready; node ${nodes[first].number}: ${reasons[first]}`;
    if (performance.now() > deadlineMs) {
      progress.end(`${state}; gave up after`);
      return 1;
    }
    progress.show(`waiting: ${state}`);
    await sleep(pollIntervalMs);
  }
}

const [command, ...rest] = process.argv.slice(2);
switch (command) {
  case 'check-ports':
    process.exitCode = await checkPorts(rest);
    break;
  case 'launch':
    process.exitCode = launch(...rest);
    break;
  case 'wait-ready':
    process.exitCode = await waitReady(rest[0], rest.slice(1));
    break;
  default:
    console.error(`cluster-tool: unknown command ${command}`);
    process.exitCode = 2;
}
