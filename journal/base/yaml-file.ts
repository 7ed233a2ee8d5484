import { isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { z } from 'zod';
import { WindhoverError } from './errors.ts';

/** Where in a file something stands: keys of mappings, indexes of lists. */
export type Place = readonly PropertyKey[];

/** A parsed YAML file that can say on which line a place is. */
export class YamlFile {
  readonly #name: string;
  readonly #root: Node | null;
  readonly #lines: LineCounter;
  readonly #note: (value: unknown) => string;
  /** The file's content as plain values. */
  readonly content: unknown;

  /** `note` gives what is to be added to a message about a scalar. Throws `invalid` when `text` is no YAML. */
  constructor(name: string, text: string, note: (value: unknown) => string = () => '') {
    this.#note = note;
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    this.#name = name;
    this.#root = document.contents;
    this.#lines = lines;
    const [error] = document.errors;
    if (error !== undefined) {
      throw new WindhoverError('invalid', `${name}:${lines.linePos(error.pos[0]).line}: ${error.message}`);
    }
    this.content = document.toJS();
  }

  /**
   * What is wrong at a place, with file, line and key: `my.yaml:7: phases[0].name: want a text`.
   */
  problem(place: Place, message: string): string {
    const key = place.reduce<string>(
      (path, part) => (typeof part === 'number' ? `${path}[${part}]` : join(path, part)),
      '',
    );
    const { line, value } = this.#find(place);
    return `${this.#name}:${line}: ${key === '' ? '' : `${key}: `}${message}${this.#note(value)}`;
  }

  /** Checks `value`, which stands at `place` of this file. Throws `invalid` with a line for each thing that is wrong. */
  check<Schema extends z.ZodType>(schema: Schema, value: unknown, place: Place = []): z.infer<Schema> {
    const checked = schema.safeParse(value);
    if (checked.success) return checked.data;
    const problems = checked.error.issues.flatMap((issue) =>
      placesOf(issue).map((own) => this.problem([...place, ...own], messageOf(issue))),
    );
    throw new WindhoverError('invalid', problems.join('\n'));
  }

  /** The deepest part of the place that there is: its line, and its value when it is a scalar. */
  #find(place: Place): { readonly line: number; readonly value: unknown } {
    let node: unknown = this.#root;
    let offset = this.#root?.range?.[0] ?? 0;
    for (const part of place) {
      const next = step(node, part);
      if (next === undefined) break;
      offset = next.offset;
      node = next.node;
    }
    return { line: this.#lines.linePos(offset).line, value: isScalar(node) ? node.value : undefined };
  }
}

function step(node: unknown, part: PropertyKey): { readonly node: unknown; readonly offset: number } | undefined {
  if (isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
    return isScalar(pair?.key) ? { node: pair.value, offset: pair.key.range?.[0] ?? 0 } : undefined;
  }
  const item = isSeq(node) ? node.items[Number(part)] : undefined;
  return isNode(item) ? { node: item, offset: item.range?.[0] ?? 0 } : undefined;
}

function join(path: string, part: PropertyKey): string {
  return path === '' ? String(part) : `${path}.${String(part)}`;
}

function placesOf(issue: z.core.$ZodIssue): Place[] {
  if (issue.code !== 'unrecognized_keys') return [issue.path];
  return issue.keys.map((key) => [...issue.path, key]);
}

/** A record says what is wrong with one of its keys in an issue within its own. */
function messageOf(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
}
