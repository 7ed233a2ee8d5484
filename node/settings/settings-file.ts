import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { WindhoverError } from '../../journal/base/errors.ts';
import { YamlFile } from '../../journal/base/yaml-file.ts';
import { nodeConfigSchema } from '../config.ts';
import { clusterSections, encodeSections } from './cluster-settings.ts';

const knownToNodes = Object.keys(nodeConfigSchema.shape).join(', ');

const nodeSection = z.strictObject(nodeConfigSchema.partial().shape, {
  error: (issue) =>
    issue.code === 'unrecognized_keys' ? `there is no such setting of a node; there is ${knownToNodes}` : undefined,
});

const known = ['node', ...Object.keys(clusterSections)].join(', ');

/** A file's sections. What a node can't do without may be missing: it may be given as a flag. */
const file = z.strictObject(
  { node: nodeSection.optional(), ...clusterSections },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `unknown key; there is ${known}` : `want a mapping with the keys ${known}`,
  },
);

export interface SettingsFile {
  /** As it is written: what is said of the node. */
  readonly node: Readonly<Record<string, unknown>>;
  /** What is said of the cluster, as the directory has it; undefined when that is nothing. */
  readonly value: string | undefined;
}

/** Reads a configuration file and checks all of it. Throws `invalid` with file, line and key of each thing that is wrong. */
export function readSettingsFile(path: string): SettingsFile {
  const source = new YamlFile(path, readText(path));
  const content = (source.content ?? {}) as Record<string, unknown>;
  source.check(file, content);
  const isOfCluster = Object.keys(clusterSections).some((section) => content[section] !== undefined);
  return {
    node: (content['node'] ?? {}) as SettingsFile['node'],
    value: isOfCluster ? encodeSections(content) : undefined,
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new WindhoverError('invalid', `${path}: ${WindhoverError.from(error, 'not readable').message}`);
  }
}
