import { count, duration, type Quantity } from '../../journal/base/quantities.ts';
import type { ParameterDeclaration, When } from './file-schema.ts';
import { rate, sizes } from './quantities.ts';

/** A value that a scenario leaves to whoever runs it: `--connections` for `connections`. */
export interface Parameter {
  /** Lower-case words joined by `-`. */
  readonly name: string;
  readonly description: string;
  readonly kind: ParameterDeclaration['kind'];
  /** As it is written; undefined: not given, and the keys that refer to it are left out. */
  readonly defaultText: string | undefined;
  /** Of a choice. */
  readonly choices: readonly string[] | undefined;
}

/** Values by parameter, as they are written. One that has none is missing. */
export type ParameterValues = ReadonlyMap<string, string>;

const quantities: Readonly<Record<Exclude<Parameter['kind'], 'choice'>, Quantity<unknown>>> = {
  count,
  duration,
  rate,
  size: sizes,
};

export function declareParameter(name: string, declared: ParameterDeclaration): Parameter {
  return {
    name,
    description: declared.description,
    kind: declared.kind,
    defaultText: declared.default === undefined ? undefined : String(declared.default),
    choices: declared.choices?.map(String),
  };
}

/** What is wrong with a value, or undefined when it is right. */
export function valueProblem(parameter: Parameter, text: string): string | undefined {
  if (parameter.kind === 'choice') {
    return parameter.choices?.includes(text) ? undefined : `want ${parameter.choices?.join(', ')}, not ${text}`;
  }
  const { wanted, parse } = quantities[parameter.kind];
  return parse(text) === undefined ? `want ${wanted}, not ${text}` : undefined;
}

const reference = /^\$([\w-]+)$/;

/** The parameter that a scalar refers to by `$name`, or undefined when it is no reference. */
export function referredParameter(value: unknown): string | undefined {
  return typeof value === 'string' ? reference.exec(value)?.[1] : undefined;
}

/**
 * `content` with every scalar `$name` replaced by the parameter's value; keys and list items whose parameter has none
 * are left out. `unknown` is told of names that no parameter has.
 */
export function fillIn(
  content: unknown,
  parameters: readonly Parameter[],
  values: ParameterValues,
  unknown: (place: readonly PropertyKey[], name: string) => void,
): unknown {
  const names = new Set(parameters.map((parameter) => parameter.name));
  const fill = (value: unknown, place: readonly PropertyKey[]): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => fill(item, [...place, index]));
    if (typeof value === 'object' && value !== null) {
      const entries = Object.entries(value).map(([key, item]) => [key, fill(item, [...place, key])] as const);
      return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
    }
    const name = referredParameter(value);
    if (name === undefined) return value;
    if (!names.has(name)) unknown(place, name);
    return values.get(name);
  };
  return fill(content, []);
}

/** What `when` says of a parameter that is no choice: it has a value. */
export const given = 'given';

/** True when every parameter that `when` names has one of the values that it gives for it. */
export function applies(when: When, values: ParameterValues): boolean {
  return Object.entries(when ?? {}).every(([name, wanted]) => {
    const value = values.get(name);
    return value !== undefined && (wanted === given || [wanted].flat().map(String).includes(value));
  });
}
