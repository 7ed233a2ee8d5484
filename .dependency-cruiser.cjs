/**
 * Which way the arrows point (docs/architecture.md), and which files only decide.
 *
 *   journal/base ← journal ← cluster ← node        loadtest → cluster/ring, journal/base        ops → nothing: it speaks the wire
 *   loadtest/client, which is published as windhover/client, stands on the ring alone        node/tools → loadtest/client
 */

/**
 * Deciding code: synchronous, no I/O, no timer; the clock, where it needs one, is handed in. What is listed imports no
 * Node module but, for the ring alone, crypto (for its MD5), and no package but the one for checksums; nor does it import
 * a file that is not pure itself, types apart. Regular expressions over paths, without the ending. biome.json has the
 * same list, to forbid timers and the machine's clock.
 */
const pureFiles = [
  'journal/base/(assert|distribution|errors|quantities)',
  'journal/log/(entry|frame|gather|integers|lane|recovery|segment)',
  'journal/kestrel/(entry|files|queue)',
  'journal/store/(backlog-file|checkpoint|codec|entries|extent|id-runs|item-cost|item-extras|item-list|item-run|item-walk|maintenance-plan|offset-runs|replica|seen-tokens|segment-uses|slabs|state|stored-queue|stretch)',
  'cluster/(hello|ring|partition-map|plan|leader|role|operation|messages|succession|directory/keys)',
  'node/protocol/.+',
  'node/queues/[^/]+',
  'loadtest/client/(answer-parser|backoff|cluster-config|element-reader|errors|requests|target)',
  'loadtest/report/format',
  'loadtest/scenario/scenario',
  'loadtest/compare/(comparison|contender|goals|page|sample|standard|statistics|table|work)',
  'node/(aliases|byte-budget|holdings)',
];

const pure = `^(${pureFiles.join('|')})\\.ts$`;
const tests = '\\.test\\.ts$|/testing/';

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Files that import one another in a ring cannot be understood or tested one at a time.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'base-stands-alone',
      comment: 'journal/base is the floor of the house: it imports nothing of it.',
      severity: 'error',
      from: { path: '^journal/base/', pathNot: tests },
      to: { path: '^(journal|cluster|node|loadtest|ops|proto)/', pathNot: '^journal/base/' },
    },
    {
      name: 'journal-knows-no-cluster',
      severity: 'error',
      from: { path: '^journal/' },
      to: { path: '^(cluster|node|loadtest|ops|proto)/' },
    },
    {
      name: 'cluster-knows-no-node',
      severity: 'error',
      from: { path: '^cluster/' },
      to: { path: '^(node|loadtest|ops)/' },
    },
    {
      name: 'node-knows-no-loadtest',
      comment:
        'The one executable also offers the load test as a subcommand: node/main.ts alone may import it. ' +
        'Tools that talk to a running node, and tests, do so as any program does: through the client.',
      severity: 'error',
      from: { path: '^node/', pathNot: ['^node/main\\.ts$', '^node/tools/', tests] },
      to: { path: '^(loadtest|ops)/' },
    },
    {
      name: 'tools-know-the-client',
      severity: 'error',
      from: { path: '^node/', pathNot: '^node/main\\.ts$' },
      to: { path: '^(loadtest|ops)/', pathNot: '^loadtest/client/' },
    },
    {
      name: 'client-stands-alone',
      comment: 'What is published as windhover/client leans on the ring and on nothing else of this repository.',
      severity: 'error',
      from: { path: '^loadtest/client/', pathNot: tests },
      to: { path: '^(journal|cluster|node|loadtest|ops|proto)/', pathNot: '^(loadtest/client/|cluster/ring\\.ts$)' },
    },
    {
      name: 'loadtest-speaks-the-wire',
      comment: 'The load test talks to nodes through sockets; it shares only the ring (to find owners) and the floor.',
      severity: 'error',
      from: { path: '^loadtest/' },
      to: { path: '^(journal|cluster|node|ops|proto)/', pathNot: '^(journal/base|cluster/ring\\.ts$)' },
    },
    {
      name: 'ops-speaks-the-wire',
      severity: 'error',
      from: { path: '^ops/' },
      to: { path: '^(journal|cluster|node|loadtest|proto)/' },
    },
    {
      name: 'testing-stays-in-tests',
      comment: 'Simulated disks, clocks and networks are for tests and for each other, never for the server.',
      severity: 'error',
      from: { pathNot: tests },
      to: { path: '/testing/' },
    },
    {
      name: 'nobody-imports-tests',
      severity: 'error',
      from: { pathNot: '\\.test\\.ts$' },
      to: { path: '\\.test\\.ts$' },
    },
    {
      name: 'pure-no-node',
      comment: 'Deciding code does nothing: time, randomness and effects come in as arguments (see pureFiles above).',
      severity: 'error',
      from: { path: pure, pathNot: tests },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'pure-crypto-only-in-the-ring',
      severity: 'error',
      from: { path: pure, pathNot: [tests, '^cluster/ring\\.ts$'] },
      to: { path: '^(node:)?crypto$' },
    },
    {
      name: 'pure-no-packages',
      severity: 'error',
      from: { path: pure, pathNot: tests },
      to: { path: 'node_modules/', pathNot: 'node_modules/@node-rs/crc32/' },
    },
    {
      name: 'pure-imports-pure',
      comment: 'Types apart, a deciding file may only lean on others that decide.',
      severity: 'error',
      from: { path: pure, pathNot: tests },
      to: {
        path: '^(journal|cluster|node|loadtest|ops|proto)/',
        pathNot: pure,
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'no-unresolved',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      from: { pathNot: '^proto/gen/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-dev-packages-in-the-product',
      comment: 'What the installed program imports must be a dependency, not a development dependency.',
      severity: 'error',
      from: { path: '^(journal|cluster|node|loadtest|proto)/', pathNot: tests },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage|data)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      exportsFields: ['exports'],
    },
  },
};
