// SPDX-License-Identifier: EUPL-1.2
// A municipality changes its identity provider, by the command line: dry run, the change, and undone.
//   node moves.mjs PATH-OF-DIGIONE
import fs from 'node:fs';
import path from 'node:path';
import { Gateway, check, finish, freePort, test } from './gateway.mjs';

const oidc = (id, provider) => `  - { id: ${id}, kind: oidc, provider: ${provider}, name: { fi: ${id} }, map: native, issuer: "https://${id}.example", client_id: digione, auth_method: client_secret_basic, client_secret: { plain: a-secret-of-thirty-two-characters } }`;
const registry = ['format: 1', 'providers:',
  '  - { id: turku, oid: "1.2.246.562.99.98530100001", name: { fi: Turku } }', '  - { id: vantaa, oid: "1.2.246.562.99.90920100006", name: { fi: Vantaa } }',
  'idps:', oidc('old', 'turku'), oidc('new', 'turku'), oidc('away', 'vantaa'), '  - { id: own, kind: local, provider: turku, name: { fi: Omat } }'].join('\n') + '\n';
const g = await new Gateway(path.resolve(process.argv[2]), { name: 'moves', port: await freePort(), registry }).start();
const file = (name, text) => { const f = path.join(g.dir, name); fs.writeFileSync(f, text); return f; };
const move = (...args) => g.cli('move', '-c', g.config, ...args);
const good = file('pairs.csv', 'old,new\nmatti,m-1\nliisa,l-1\n');

await test('a dry run says how many would be linked, and changes nothing', async () => {
  const r = move('--dry-run', '--from', 'old', '--to', 'new', '--pairs', good, 'turku-2026');
  check(r.status === 0 && /would link 2 of 2, doubtful 0 .*, double 0, not seen 2/.test(r.stdout) && /line 2: not_seen/.test(r.stdout), `${r.status} ${r.stdout} ${r.stderr}`);
  check(!/turku-2026/.test(g.cli('export', '-c', g.config).stdout), 'a dry run made a row');
});

await test('a file that does not hold is refused by its lines, with what mends them', async () => {
  const r = move('--from', 'old', '--to', 'new', '--pairs', file('bad.csv', 'a,b\na,c\nx\n'), 'turku-2026');
  check(r.status === 1 && /line 2: old_twice: .* \(line 1\)/.test(r.stderr) && /line 3: cells: /.test(r.stderr), `${r.status} ${r.stderr}`);
});

await test('nobody is moved to another municipality, to local accounts, or to where they are', async () => {
  for (const [to, says] of [['away', /do not move from a municipality to another/], ['own', /local accounts/], ['old', /are the same/], ['none', /no such/]]) {
    const r = move('--from', 'old', '--to', to, '--pairs', good, 'turku-2026');
    check(r.status === 1 && says.test(r.stderr), `${to}: ${r.status} ${r.stderr}`);
  }
  const by = g.cli('registry', 'put', '-c', g.config, 'move', 'mine', 'provider=turku', 'from=old', 'to=away', `batch=${'0'.repeat(64)}`);
  check(by.status === 1 && /do not move/.test(by.stderr), `by hand: ${by.status} ${by.stderr}`);
});

await test('a move is one change, which export keeps and undo takes back', async () => {
  const r = move('--why', 'AD FS ends', '--from', 'old', '--to', 'new', '--pairs', good, 'turku-2026');
  check(r.status === 0 && /linked 2 of 2/.test(r.stdout), `${r.status} ${r.stdout} ${r.stderr}`);
  const out = g.cli('export', '-c', g.config).stdout;
  check(/id: "?turku-2026/.test(out) && /batch: "?[0-9a-f]{64}/.test(out) && !/matti|m-1/.test(out), 'the export');
  const again = move('--dry-run', '--from', 'old', '--to', 'new', '--pairs', file('more.csv', 'matti,m-2\npekka,p-1\n'), 'turku-2027');
  check(again.status === 0 && /would link 1 of 2, .* double 1/.test(again.stdout) && /line 1: taken_old/.test(again.stdout), `${again.stdout} ${again.stderr}`);
  const log = g.cli('registry', 'log', '-c', g.config).stdout;
  const number = /^\s*(\d+).*AD FS ends/m.exec(log)?.[1];
  check(number !== undefined && g.cli('registry', 'undo', '-c', g.config, number).status === 0, `undo: ${log}`);
  check(!/turku-2026/.test(g.cli('export', '-c', g.config).stdout), 'undone');
});

await test('learner numbers are taken in, all of a file or nothing', async () => {
  const bad = g.cli('learners', '-c', g.config, file('bad-numbers.csv', 'number,master,provider\n1.2.246.562.24.10000000004,,turku\n'));
  check(bad.status === 1 && /:2: .*check digit/.test(bad.stderr), `${bad.status} ${bad.stderr}`);
  const r = g.cli('learners', '-c', g.config, file('numbers.csv', 'number,master,provider\n1.2.246.562.24.10000000003,,turku\n1.2.246.562.24.20000000006,1.2.246.562.24.10000000003,\n'));
  check(r.status === 0 && /2 learner numbers, 1 of them duplicates/.test(r.stdout), `${r.status} ${r.stdout} ${r.stderr}`);
});

await g.stop();
finish();
