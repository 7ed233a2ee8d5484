import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { WindhoverError } from '../../journal/base/errors.ts';
import { YamlFile } from '../../journal/base/yaml-file.ts';
import { nodeConfigSchema } from '../config.ts';
import { clusterSections, encodeSections } from './cluster-settings.ts';
import { type Replication, replicationSection } from './replication.ts';

const ofNodes = nodeConfigSchema.omit({ replicas: true, partitionsPerLabel: true }).partial().shape;
const knownToNodes = Object.keys(ofNodes).join(', ');

const nodeSection = z.strictObject(ofNodes, {
  error: (issue) =>
    issue.code === 'unrecognized_keys' ? `there is no such setting of a node; there is ${knownToNodes}` : undefined,
});

const known = ['node', 'replication', ...Object.keys(clusterSections)].join(', ');

/** A file's sections. What a node can't do without may be missing: it may be given as a flag. */
const file = z.strictObject(
  { node: nodeSection.optional(), replication: replicationSection.optional(), ...clusterSections },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `unknown key; there is ${known}` : `want a mapping with the keys ${known}`,
  },
);

export interface SettingsFile {
  /** As it is written: what is said of the node. */
  readonly node: Readonly<Record<string, unknown>>;
  /** What is said of the cluster's copies and partitions. */
  readonly replication: Replication;
  /** What is said of the cluster's queues and aliases, as the directory has it; undefined when that is nothing. */
  readonly value: string | undefined;
}

/** Reads a configuration file and checks all of it. Throws `invalid` with file, line and key of each thing that is wrong. */
export function readSettingsFile(path: string): SettingsFile {
  const source = new YamlFile(path, readText(path));
  const content = (source.content ?? {}) as Record<string, unknown>;
  const { replication = {} } = source.check(file, content);
  const isOfCluster = Object.keys(clusterSections).some((section) => content[section] !== undefined);
  return {
    node: (content['node'] ?? {}) as SettingsFile['node'],
    replication: Object.fromEntries(Object.entries(replication).filter(([, value]) => value !== undefined)),
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
