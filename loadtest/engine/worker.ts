import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counters, type Shared } from './group.ts';
import { Ledger, type ProducerEvidence } from './ledger.ts';
import {
  type Answer,
  type Interval,
  monotonicMs,
  type PhaseJob,
  type Progress,
  type Request,
  type WorkerJob,
} from './messages.ts';
import { WorkerPhase } from './phase.ts';
import { Recorder } from './recorder.ts';
import { wires } from './wires/wires.ts';

const progressMs = 20;
/** monitorEventLoopDelay counts the time between its own timers too. */
const lagResolutionMs = 10;
const partBytes = 256 * 1024;

/** A worker's half of a run: does what the parent asks for, and says unasked how far it is. */
export class Worker {
  readonly #job: WorkerJob;
  readonly #shared: Shared;
  readonly #lag = monitorEventLoopDelay({ resolution: lagResolutionMs });
  readonly #reporting: NodeJS.Timeout;
  #phase: WorkerPhase | undefined;
  #phases = 0;
  #intervalStartMs = performance.now();
  #cpu = process.cpuUsage();
  #drain: { readonly sinceMs: number; readonly quietMs: number; readonly sources: readonly number[] } | undefined;

  /** `report` is told how far the worker is, whenever that changed. */
  constructor(job: WorkerJob, report: (progress: Progress) => void) {
    this.#job = job;
    const startMs = job.startMs + performance.now() - monotonicMs();
    this.#shared = {
      run: job.run,
      queues: job.queues,
      recorder: new Recorder(startMs, job.targets.length),
      ledger: job.verify ? new Ledger(job.run, job.queues, job.branches, job.producers) : undefined,
      counters: new Counters(job.names.length, job.branches),
    };
    let last = '';
    this.#reporting = setInterval(() => {
      const progress = this.#progress();
      const text = JSON.stringify(progress);
      if (text !== last) report(progress);
      last = text;
    }, progressMs);
  }

  /** Does what is asked for and gives the answer; `part` is given what comes before the last part of one. */
  async handle(request: Exclude<Request, { kind: 'prepare' }>, part: (answer: Answer) => void): Promise<Answer> {
    switch (request.kind) {
      case 'connect':
        await this.#connect(request.phase);
        return { kind: 'done' };
      case 'go':
        this.#go();
        return { kind: 'done' };
      case 'interval':
        return { kind: 'interval', interval: this.#interval() };
      case 'stop':
        return { kind: 'interval', interval: await this.#stop() };
      case 'drain':
        this.#beginDrain(request.quietMs);
        return { kind: 'done' };
      case 'evidence':
        return this.#evidence(part);
    }
  }

  end(): void {
    clearInterval(this.#reporting);
    this.#phase?.close();
  }

  async #connect(job: PhaseJob): Promise<void> {
    const { targets, names, seed, protocol } = this.#job;
    const context = { targets, names, seed, shared: this.#shared, protocol: wires[protocol] };
    this.#phases++;
    this.#phase = new WorkerPhase(context, job);
    await this.#phase.connect();
  }

  #go(): void {
    this.#shared.recorder.take();
    this.#shared.recorder.recording = true;
    this.#intervalStartMs = performance.now();
    this.#cpu = process.cpuUsage();
    this.#lag.enable();
    this.#lag.reset();
    this.#phase?.go();
  }

  async #stop(): Promise<Interval> {
    const interval = this.#interval();
    this.#shared.recorder.recording = false;
    await this.#phase?.stop();
    this.#lag.disable();
    const tail = this.#shared.recorder.take();
    const progress = this.#progress();
    this.#phase = undefined;
    this.#drain = undefined;
    return {
      ...interval,
      progress,
      misses: interval.misses + tail.misses,
      errors: interval.errors + tail.errors,
      errorTexts: [...interval.errorTexts, ...tail.errorTexts],
      stalls: [...interval.stalls, ...tail.stalls],
      longestMs: Math.max(interval.longestMs, tail.longestMs),
    };
  }

  #interval(): Interval {
    const nowMs = performance.now();
    const cpu = process.cpuUsage(this.#cpu);
    const lagMs = Math.max(0, this.#lag.max / 1e6 - lagResolutionMs);
    const seconds = (nowMs - this.#intervalStartMs) / 1000;
    this.#cpu = process.cpuUsage();
    this.#intervalStartMs = nowMs;
    this.#lag.reset();
    return {
      ...this.#shared.recorder.take(),
      seconds,
      cpuSeconds: (cpu.user + cpu.system) / 1e6,
      lagMs,
      progress: this.#progress(),
    };
  }

  #progress(): Progress {
    const { acknowledged, read } = this.#shared.counters;
    const groups = this.#phase?.groups.map(({ done }) => done) ?? [];
    return { phase: this.#phases, groups, acknowledged, read: [...read], drained: this.#isDrained() };
  }

  #beginDrain(quietMs: number): void {
    const groups = this.#phase?.groups ?? [];
    const sources = groups.flatMap(({ job }) => job.connections.flatMap((connection) => connection.sources));
    this.#drain = { sinceMs: performance.now(), quietMs, sources };
  }

  /** Every source has been found empty later than the quiet time after both the beginning and the last item. */
  #isDrained(): boolean {
    if (this.#drain === undefined) return false;
    const { sinceMs, quietMs, sources } = this.#drain;
    const { readAtMs, emptyAtMs } = this.#shared.counters;
    const afterMs = Math.max(sinceMs, readAtMs) + quietMs;
    return sources.every((source) => (emptyAtMs[source] as number) > afterMs);
  }

  /** The bitmaps in parts, so that no message is large. */
  #evidence(send: (answer: Answer) => void): Answer {
    const { ledger } = this.#shared;
    let part: ProducerEvidence[] = [];
    let bytes = 0;
    for (const producer of ledger?.evidence() ?? []) {
      part.push(producer);
      bytes += bytesOf(producer);
      if (bytes < partBytes) continue;
      send({ kind: 'evidence', producers: part, totals: undefined, last: false });
      part = [];
      bytes = 0;
    }
    return { kind: 'evidence', producers: part, totals: ledger?.totals, last: true };
  }
}

function bytesOf({ acknowledged, refused, branches }: ProducerEvidence): number {
  const words = branches.map((branch) => branch.read.length + branch.delivered.length + branch.closeUncertain.length);
  return 100 + 4 * (acknowledged.length + refused.length + words.reduce((sum, length) => sum + length, 0));
}
