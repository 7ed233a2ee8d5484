import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { WindhoverError } from '../../journal/base/errors.ts';
import { type Place, YamlFile } from '../../journal/base/yaml-file.ts';
import { parameterSection, scenarioSection } from './file-schema.ts';
import {
  declareParameter,
  fillIn,
  type Parameter,
  type ParameterValues,
  referredParameter,
  valueProblem,
} from './parameters.ts';
import { resolveScenario } from './resolve.ts';
import type { Scenario } from './scenario.ts';

const head = z.looseObject(
  { parameters: parameterSection.default({}), description: scenarioSection.shape.description },
  { error: 'want a mapping with description, phases, …' },
);

/** A scenario as a file declares it, before its parameters have values. */
export class ScenarioFile {
  /** The file's name without folder and ending. */
  readonly name: string;
  readonly description: string;
  readonly parameters: readonly Parameter[];
  readonly #source: YamlFile;

  /** Throws `invalid` when the file can't be read, or with a line for each thing that is wrong in its head. */
  constructor(file: string) {
    this.name = path.basename(file).replace(/\.ya?ml$/, '');
    this.#source = new YamlFile(file, readText(file), parameterNote);
    const { parameters, description } = this.#source.check(head, this.#source.content);
    this.description = description;
    this.parameters = Object.entries(parameters).map(([name, declared]) => declareParameter(name, declared));
    for (const parameter of this.parameters) this.#checkDefault(parameter);
  }

  /**
   * The scenario with the values given; a parameter without one has its default. `run`: a number that no other run has,
   * which the queues' names carry where the file has no prefix. Throws `invalid` with a line for each thing that is
   * wrong.
   */
  resolve(given: ParameterValues, run: number): Scenario {
    const values = this.#values(given);
    const { content } = this.#source;
    const filled = fillIn(content, this.parameters, values, (place, name) => {
      this.#fail(place, `there is no parameter ${name}; want one of ${this.#parameterNames()}`);
    });
    const file = this.#source.check(scenarioSection, withParameters(filled, content));
    return resolveScenario(this.name, run, file, values, (place, message) => this.#fail(place, message));
  }

  #values(given: ParameterValues): ParameterValues {
    const values = new Map<string, string>();
    for (const parameter of this.parameters) {
      const text = given.get(parameter.name) ?? parameter.defaultText;
      if (text === undefined) continue;
      const problem = valueProblem(parameter, text);
      if (problem !== undefined) throw new WindhoverError('invalid', `--${parameter.name}: ${problem}`);
      values.set(parameter.name, text);
    }
    return values;
  }

  #checkDefault(parameter: Parameter): void {
    const { name, defaultText } = parameter;
    const problem = defaultText === undefined ? undefined : valueProblem(parameter, defaultText);
    if (problem !== undefined) this.#fail(['parameters', name, 'default'], problem);
    if (parameter.kind === 'choice' && defaultText === undefined) {
      this.#fail(['parameters', name], 'a choice wants a default');
    }
  }

  #parameterNames(): string {
    return this.parameters.map((parameter) => parameter.name).join(', ') || 'none: none is declared';
  }

  #fail(place: Place, message: string): never {
    throw new WindhoverError('invalid', this.#source.problem(place, message));
  }
}

/** Declarations are read as they stand: nothing is filled in there. */
function withParameters(filled: unknown, content: unknown): unknown {
  const { parameters } = content as { parameters?: unknown };
  return { ...(filled as object), ...(parameters === undefined ? {} : { parameters }) };
}

/** With what is wrong with a parameter's value goes its name. */
function parameterNote(value: unknown): string {
  const parameter = referredParameter(value);
  return parameter === undefined ? '' : ` (--${parameter})`;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new WindhoverError('invalid', `${file}: ${WindhoverError.from(error, 'not readable').message}`);
  }
}
