import os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { WindhoverError } from '../../journal/base/errors.ts';
import { targetLabel } from '../client/target.ts';
import { seededRandom } from '../random.ts';
import { type RunEvent, type RunResult, resultFormat, resultVersion, type VerdictResult } from '../result.ts';
import type { RunObserver, RunOptions } from '../scenario/run-options.ts';
import type { Phase, Scenario } from '../scenario/scenario.ts';
import { causeFaults } from './faults.ts';
import { Fleet } from './fleet.ts';
import { generatorLimit } from './generator-limit.ts';
import { failuresOf, Judge } from './judge.ts';
import { LocalCluster } from './local-cluster.ts';
import { type Answer, type Interval, monotonicMs, type PhaseJob } from './messages.ts';
import { OwnQueues } from './own-queues.ts';
import { PhaseWatch } from './phase-watch.ts';
import { planRun, type RunPlan } from './plan.ts';
import { type PhaseFacts, Series } from './series.ts';
import type { Protocol } from './wires/wire.ts';
import { wires } from './wires/wires.ts';

const pointMs = 1000;
const watchMs = 10;

/**
 * Runs a scenario with worker processes of its own and says what came of it. Rejects when it can't begin (`invalid`
 * words, no target to be reached), when a worker dies, and once `signal` is aborted; processes are gone by then, and
 * nodes that were paused go on, and the queues are deleted unless they were to stay. What the servers do wrong is in
 * the result.
 */
export async function runScenario(
  scenario: Scenario,
  options: RunOptions,
  observer: RunObserver,
  signal?: AbortSignal,
): Promise<RunResult> {
  const protocol = wires[scenario.protocol];
  const plan = planRun(scenario, options.targets, options.workers);
  checkProtocol(plan, scenario, protocol);
  const cluster = options.cluster === undefined ? undefined : LocalCluster.open(options.cluster);
  const queues = protocol.showsItems ? new OwnQueues(protocol, options.targets, plan.names, plan.queues) : undefined;
  const server = await queues?.prepare();
  const run = new Run(scenario, options, observer, plan, cluster, server === 'queue' ? queues : undefined);
  return run.run(signal);
}

class Run {
  readonly #scenario: Scenario;
  readonly #options: RunOptions;
  readonly #observer: RunObserver;
  readonly #plan: RunPlan;
  readonly #cluster: LocalCluster | undefined;
  /** Undefined when the target is no queue server. */
  readonly #queues: OwnQueues | undefined;
  readonly #verified: boolean;
  readonly #series: Series;
  readonly #fleet: Fleet;
  readonly #random: () => number;
  readonly #events: RunEvent[] = [];
  readonly #failures: string[] = [];
  readonly #startedAt = new Date();
  readonly #startMs = performance.now();
  readonly #stop = new AbortController();
  /** How many phases have begun, the drain included. */
  #phases = 0;
  /** Rejects when there is no point in going on. */
  #broken!: Promise<never>;

  constructor(
    scenario: Scenario,
    options: RunOptions,
    observer: RunObserver,
    plan: RunPlan,
    cluster: LocalCluster | undefined,
    queues: OwnQueues | undefined,
  ) {
    this.#scenario = scenario;
    this.#options = options;
    this.#observer = observer;
    this.#plan = plan;
    this.#cluster = cluster;
    this.#queues = queues;
    this.#verified = options.verify && queues !== undefined;
    this.#series = new Series(options.targets.length, this.#verified ? plan.branches : undefined);
    this.#random = seededRandom(options.seed);
    this.#fleet = new Fleet(plan.workers);
  }

  async run(signal: AbortSignal | undefined): Promise<RunResult> {
    this.#broken = Promise.race([this.#fleet.failed, interruption(signal)]);
    this.#broken.catch(() => this.#stop.abort());
    try {
      return await Promise.race([this.#broken, this.#runAll()]);
    } catch (error) {
      await this.#end();
      if (this.#scenario.drain !== undefined) await this.#queues?.remove();
      throw error;
    } finally {
      await this.#end();
    }
  }

  async #end(): Promise<void> {
    this.#stop.abort();
    await this.#fleet.end();
  }

  async #runAll(): Promise<RunResult> {
    await this.#prepare();
    if (this.#options.verify && !this.#verified) {
      this.#event('note', null, 'what is read is still there, or not shown: deliveries are not verified');
    }
    for (const [index, phase] of this.#scenario.phases.entries()) {
      await this.#runPhase(phase, this.#plan.phases[index] as readonly PhaseJob[]);
    }
    const drained = await this.#drain();
    const verdict = await this.#judge(drained);
    if (drained) await this.#queues?.remove();
    return this.#result(verdict);
  }

  async #prepare(): Promise<void> {
    const { targets, run, seed } = this.#options;
    const { protocol } = this.#scenario;
    const { names, queues, branches, producers } = this.#plan;
    const startMs = monotonicMs() - performance.now() + this.#startMs;
    const job = { targets, protocol, run, seed, names, queues, branches, producers, startMs, verify: this.#verified };
    await this.#fleet.ask(() => ({ kind: 'prepare', job }));
  }

  async #runPhase(phase: Phase, jobs: readonly PhaseJob[]): Promise<void> {
    const watch = new PhaseWatch(phase, this.#scenario.queues.fanouts);
    const facts = { name: phase.name, measured: phase.measured, duePerSecond: duePerSecond(phase) };
    await this.#load(facts, jobs, async (startMs) => {
      const endMs = phase.durationMs === undefined ? undefined : startMs + phase.durationMs;
      const over = new AbortController();
      const faults = this.#causeFaults(phase, startMs, endMs, AbortSignal.any([over.signal, this.#stop.signal]));
      while (!this.#stop.signal.aborted) {
        const nowMs = performance.now();
        const state = watch.look(this.#fleet.progress(this.#phases), nowMs);
        if (state.kind === 'stuck') this.#failures.push(`phase ${phase.name}: ${state.why}`);
        if (state.kind !== 'running' || (endMs !== undefined && nowMs >= endMs)) break;
        await sleep(Math.min(watchMs, Math.max(1, (endMs ?? Number.POSITIVE_INFINITY) - nowMs)));
      }
      over.abort();
      return () => faults;
    });
  }

  /**
   * Makes the connections, lets them work for as long as `until` takes, and ends them; then does what `until` gave. The
   * time line goes on for as long as there is a load.
   */
  async #load(
    facts: PhaseFacts,
    jobs: readonly PhaseJob[],
    until: (startMs: number) => Promise<() => Promise<void>>,
  ): Promise<void> {
    this.#phases++;
    await this.#fleet.ask((worker) => ({ kind: 'connect', phase: jobs[worker] as PhaseJob }));
    const startMs = performance.now();
    this.#observer.phase(facts.name);
    this.#series.beginPhase(facts, this.#secondsAt(startMs));
    await this.#fleet.ask(() => ({ kind: 'go' }));
    const ticker = setInterval(() => void this.#point('interval').catch(() => undefined), pointMs);
    let seconds = 0;
    let after: () => Promise<void>;
    try {
      after = await until(startMs);
      seconds = (performance.now() - startMs) / 1000;
    } finally {
      clearInterval(ticker);
    }
    await this.#point('stop');
    this.#series.endPhase(seconds);
    await after();
  }

  async #point(kind: 'interval' | 'stop'): Promise<void> {
    const atSeconds = this.#secondsAt(performance.now());
    const answers = await this.#fleet.ask(() => ({ kind }));
    const intervals = answers.filter((answer) => answer.kind === 'interval').map(({ interval }) => interval);
    this.#observer.point(this.#series.add(intervals satisfies Interval[], atSeconds));
  }

  async #causeFaults({ faults }: Phase, startMs: number, endMs: number | undefined, stop: AbortSignal): Promise<void> {
    const cluster = this.#cluster;
    if (faults.length === 0 || cluster === undefined) return;
    const event = (kind: RunEvent['kind'], node: number | null, text: string): void => this.#event(kind, node, text);
    try {
      await causeFaults(faults, { cluster, startMs, endMs, random: this.#random, stop, event });
    } catch (error) {
      this.#failures.push(`a node could not be stopped or restarted: ${WindhoverError.from(error, 'faults').message}`);
    }
  }

  /** Empties the queues if that is wanted and possible; true when they are known to be empty. */
  async #drain(): Promise<boolean> {
    const { drain } = this.#scenario;
    if (drain === undefined || this.#queues === undefined) return false;
    const untilMs = performance.now() + drain.timeoutMs;
    let drained = false;
    const facts = { name: 'drain', measured: false, duePerSecond: undefined };
    await this.#load(facts, this.#plan.drain, async () => {
      await this.#fleet.ask(() => ({ kind: 'drain', quietMs: drain.quietMs }));
      while (!drained && performance.now() < untilMs && !this.#stop.signal.aborted) {
        await sleep(watchMs);
        const progress = this.#fleet.progress(this.#phases);
        drained = progress.length > 0 && progress.every((one) => one.drained);
      }
      return () => Promise.resolve();
    });
    const wrong = drained
      ? await this.#queues.confirmEmpty(Math.max(0, untilMs - performance.now()))
      : `the queues were not found empty within ${drain.timeoutMs / 1000} s`;
    if (wrong !== undefined) this.#failures.push(`the drain failed: ${wrong}`);
    return wrong === undefined;
  }

  async #judge(drained: boolean): Promise<VerdictResult> {
    const judge = new Judge(this.#plan.queues);
    if (this.#verified) {
      const take = (answer: Answer): void => {
        if (answer.kind !== 'evidence') return;
        for (const producer of answer.producers) judge.addProducer(producer);
        if (answer.totals !== undefined) judge.addTotals(answer.totals);
      };
      for (const answer of await this.#fleet.ask(() => ({ kind: 'evidence' }), take)) take(answer);
    }
    const counts = { verified: this.#verified, ...judge.counts(drained) };
    const sets = this.#plan.producers > 0;
    if (sets && this.#verified && counts.acknowledged === 0) this.#failures.push('nothing was stored at all');
    const failures = failuresOf(this.#scenario.demands, counts, this.#series.errors, this.#series.longestMs);
    return { ...counts, failures: [...this.#failures, ...failures] };
  }

  #result(verdict: VerdictResult): RunResult {
    const { name, description, protocol } = this.#scenario;
    const { command } = this.#options;
    const targets = this.#options.targets.map(targetLabel);
    const { cpuSeconds, maxLagMs, ...measured } = this.#series.result(targets);
    const limit = generatorLimit(this.#series.business, this.#series.lateness);
    const [cpu] = os.cpus();
    return {
      format: resultFormat,
      version: resultVersion,
      scenario: name,
      description,
      startedAt: this.#startedAt.toISOString(),
      command: [...command],
      protocol,
      targets,
      machine: {
        node: process.version,
        platform: `${os.type()} ${os.release()} ${os.arch()}`,
        cpus: `${os.cpus().length} × ${cpu?.model ?? 'unknown'}`,
      },
      ...measured,
      events: this.#events,
      verdict,
      generator: { workers: this.#plan.workers, cpuSeconds, maxLagMs, limit },
    };
  }

  #event(kind: RunEvent['kind'], node: number | null, text: string): void {
    const event = { atSeconds: this.#secondsAt(performance.now()), kind, node, text };
    this.#events.push(event);
    this.#observer.event(event);
  }

  #secondsAt(ms: number): number {
    return Math.max(0, (ms - this.#startMs) / 1000);
  }
}

/** Operations that the groups of a phase begin per second by their schedules. */
function duePerSecond({ producers, consumers, mixed }: Phase): number | undefined {
  const rates = [...producers, ...consumers, ...mixed].flatMap(({ ratePerSecond }) => ratePerSecond ?? []);
  return rates.length === 0 ? undefined : rates.reduce((sum, rate) => sum + rate, 0);
}

/** Throws `invalid` when a scenario wants what a protocol has no counterpart for. */
function checkProtocol(plan: RunPlan, { protocol, route }: Scenario, { reads, onMemcachePort }: Protocol): void {
  const lacks = (what: string): never => {
    throw new WindhoverError('invalid', `the ${protocol} protocol has no counterpart for ${what} in this load test`);
  };
  for (const { work, abortEvery } of plan.phases.flat().flatMap(({ groups }) => groups)) {
    const wanted = work === 'reliable' ? 'open' : 'take';
    if (work !== 'set' && work !== 'idle' && !reads.includes(wanted)) lacks(work);
    if (abortEvery !== undefined && !reads.includes('abort')) lacks('abortEvery');
  }
  if (route === 'owner' && !onMemcachePort) lacks('route owner, which goes by the memcache ports,');
}

/** Rejects once the signal is aborted; never resolves. */
function interruption(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const interrupted = (): void => reject(new WindhoverError('unavailable', 'interrupted'));
    if (signal?.aborted) interrupted();
    else signal?.addEventListener('abort', interrupted, { once: true });
  });
}
