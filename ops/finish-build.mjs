/**
 * What `tsc` leaves to do: the generated JavaScript, the built-in scenarios and the parts of the report page beside the
 * code that reads them, the run bit of the executable, and `dist/.built`, which is written last and tells
 * ops/start-cluster.sh that the build is whole and how old it is.
 */
import { chmodSync, cpSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const main = join(root, 'dist/node/main.js');

cpSync(join(root, 'proto/gen'), join(root, 'dist/proto/gen'), {
  recursive: true,
  filter: (path) => !path.endsWith('.d.ts'),
});
const scenarios = 'loadtest/scenarios';
for (const name of readdirSync(join(root, scenarios)).filter((file) => file.endsWith('.yaml'))) {
  cpSync(join(root, scenarios, name), join(root, 'dist', scenarios, name));
}
const page = 'loadtest/report/page';
cpSync(join(root, page), join(root, 'dist', page), { recursive: true });
if (existsSync(main)) chmodSync(main, 0o755);
writeFileSync(join(root, 'dist/.built'), '');
