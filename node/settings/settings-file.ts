import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { WindhoverError } from '../../journal/base/errors.ts';
import { YamlFile } from '../../journal/base/yaml-file.ts';
import { clusterSections, encodeSections } from './cluster-settings.ts';

const known = ['node', ...Object.keys(clusterSections)].join(', ');

/** A file's sections. What is in `node` is checked where a node is started. */
const file = z.strictObject(
  { node: z.unknown().optional(), ...clusterSections },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `unknown key; there is ${known}` : `want a mapping with the keys ${known}`,
  },
);

/**
 * Reads a configuration file and checks the sections that are the cluster's; `value` is what they are in the directory.
 * Throws `invalid` with file, line and key of each thing that is wrong.
 */
export function readSettingsFile(path: string): { readonly source: YamlFile; readonly value: string } {
  const source = new YamlFile(path, readText(path));
  source.check(file, source.content ?? {});
  return { source, value: encodeSections(source.content) };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new WindhoverError('invalid', `${path}: ${WindhoverError.from(error, 'not readable').message}`);
  }
}
