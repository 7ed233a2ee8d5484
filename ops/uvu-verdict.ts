import { stripVTControlCharacters } from 'node:util';
import ts from 'typescript';

/** What a test file says of itself, read from its source without running it. */
export interface Declared {
  /** Calls of `test(…)` or of a suite's name, `.skip` and `.only` included. A call in a loop counts once. */
  readonly tests: number;
  /** Names of tests declared with `.skip`, where they are literals. */
  readonly skipped: readonly string[];
  /** Whether a test is declared with `.only`, which would leave out all the others. */
  readonly focused: boolean;
}

/** How the process of one test file ended. */
export interface Ending {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  /** Standard output, possibly without its beginning. uvu's summary is looked for here alone: errors may cut into it. */
  readonly stdout: string;
}

/** The judgement on one test file. `passed + failed` counts tests; a file that failed has at least one failed. */
export interface Verdict {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Why the file failed, for a person; undefined when it did not. */
  readonly reason: string | undefined;
}

/** Counts the tests that a uvu test file declares. Throws nothing: what does not parse is left to the run. */
export function declaredTests(fileName: string, source: string): Declared {
  const suites = new Set<string>(['test']);
  const skipped: string[] = [];
  let tests = 0;
  let focused = false;

  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && isSuiteCall(node.initializer)) {
      suites.add(node.name.text);
    }
    if (ts.isCallExpression(node)) {
      const kind = declarationKind(node, suites);
      if (kind !== undefined) tests += 1;
      if (kind === 'only') focused = true;
      if (kind === 'skip') skipped.push(literalName(node));
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(fileName, source, ts.ScriptTarget.Latest, false));
  return { tests, skipped, focused };
}

function isSuiteCall(node: ts.Expression | undefined): boolean {
  return (
    node !== undefined &&
    ts.isCallExpression(node) &&
    ts.isIdentifier(node.expression) &&
    node.expression.text === 'suite'
  );
}

/** `test('…', …)` is 'plain'; `test.run()` and other calls are undefined. */
function declarationKind(call: ts.CallExpression, suites: ReadonlySet<string>): 'plain' | 'skip' | 'only' | undefined {
  const callee = call.expression;
  if (ts.isIdentifier(callee)) return suites.has(callee.text) ? 'plain' : undefined;
  if (!ts.isPropertyAccessExpression(callee) || !ts.isIdentifier(callee.expression)) return undefined;
  if (!suites.has(callee.expression.text)) return undefined;
  const member = callee.name.text;
  return member === 'skip' || member === 'only' ? member : undefined;
}

function literalName(call: ts.CallExpression): string {
  const name = call.arguments[0];
  return name !== undefined && ts.isStringLiteralLike(name) ? name.text : '(name made at run time)';
}

/**
 * Judges one run. uvu alone exits with 0 when a `before` hook throws, when `after.each` throws and when `.run()` was
 * forgotten, so the exit code is only one of the conditions: there must be exactly one summary, all of it passed, and
 * no fewer tests in it than the file declares.
 */
export function judge(declared: Declared, ending: Ending): Verdict {
  const summaries = [...plain(ending.stdout).matchAll(/^ *Total: +(\d+)\n *Passed: +(\d+)\n *Skipped: +(\d+)$/gm)];
  const [total, passed, skipped] = (summaries.at(-1) ?? []).slice(1).map(Number);
  if (total === undefined || passed === undefined || skipped === undefined) {
    return { passed: 0, failed: Math.max(1, declared.tests), skipped: 0, reason: endReason(ending) ?? 'no summary' };
  }
  const reason =
    endReason(ending) ?? summaryReason({ summaries: summaries.length, total, passed, skipped }, declared) ?? undefined;
  const missing = Math.max(total, declared.tests - skipped) - passed;
  return { passed, failed: reason === undefined ? 0 : Math.max(1, missing), skipped, reason };
}

function endReason(ending: Ending): string | undefined {
  if (ending.timedOut) return 'still running at its time limit, killed';
  if (ending.signal !== null) return `ended by ${ending.signal}`;
  return ending.exitCode === 0 ? undefined : `exit code ${ending.exitCode}`;
}

interface Summary {
  readonly summaries: number;
  readonly total: number;
  readonly passed: number;
  readonly skipped: number;
}

function summaryReason(summary: Summary, declared: Declared): string | undefined {
  const { summaries, total, passed, skipped } = summary;
  if (summaries > 1) return `${summaries} summaries instead of one`;
  if (declared.focused) return 'a test is marked .only';
  if (passed !== total) return `${total - passed} of ${total} failed`;
  if (total + skipped === 0) return 'no tests';
  if (total + skipped < declared.tests) return `${total} ran, ${declared.tests} are declared: is a run() missing?`;
  return undefined;
}

/** Text without colours, and with plain line ends. */
function plain(text: string): string {
  return stripVTControlCharacters(text).replace(/\r\n/g, '\n');
}
