// SPDX-License-Identifier: EUPL-1.2
// What changes while people sign in: keys, the registry.  No request fails, and every loop serves what is new.
//   node changes.mjs PATH-OF-DIGIONE
import fs from 'node:fs';
import path from 'node:path';
import { Agent } from './agent.mjs';
import { check, fetchLocal, finish, test, until } from './gateway.mjs';
import { federation, signIn } from './local.mjs';
import { Service } from './rp.mjs';

const { g, service } = await federation(process.argv[2], { name: 'changes', settings: { loops: 2 } });
await g.start();
const { agent, answer } = await signIn(service, 'anna');
await service.finish(answer);

// One service after the other opens and is told who came, until `meanwhile` is over; gives how many, and by which keys.
async function while_people_come(meanwhile) {
  let over = false, opened = 0;
  const kids = new Set(), troubles = [];
  const one = async () => {
    const mine = Object.assign(new Service(g, service), { id: service.id });
    const browser = agent.clone();
    while (!over && troubles.length === 0) {
      try {
        const { answer: came, page } = mine.arrived(await browser.get(mine.authorizeUrl(), mine.until()));
        check(came, `no answer but a page: ${page?.status} ${page?.url}\n${g.logTail(5)}`);
        const { tokens } = await mine.finish(came);
        kids.add(JSON.parse(Buffer.from(tokens.id_token.split('.')[0], 'base64url')).kid);
        opened++;
      } catch (e) { troubles.push(e); }
    }
  };
  const people = Promise.all(Array.from({ length: 4 }, one));
  try { await meanwhile(() => opened); } finally { over = true; await people; }
  if (troubles.length) throw troubles[0];
  return { opened, kids };
}
// Until every one of many fresh connections, spread over the loops, says the same.
const everywhere = (what, ask) => until(what, async () => (await Promise.all(Array.from({ length: 24 }, ask))).every(Boolean));
const published = async () => JSON.parse((await fetchLocal(g.port, '/oidc/jwks')).text).keys.map((k) => k.kid);

await test('keys are added while people come: published everywhere, used, and nobody notices', async () => {
  const { opened, kids } = await while_people_come(async (count) => {
    for (let i = 0; i < 5; i++) {
      const before = await published(), began = count();
      const made = g.cli('keys', 'create', '-c', g.config, '--use', 'oidc', '--alg', 'ES256', '--after', '0');
      check(made.status === 0, made.stderr);
      let kid;
      await until('a new key is published', async () => { kid = (await published()).find((k) => !before.includes(k)); return kid; });
      await everywhere('on every loop', async () => (await published()).includes(kid));
      await until('people came by then', () => count() > began + 8);
    }
  });
  check(kids.size >= 4, `${opened} openings, but ${kids.size} keys`);
});

await test('a key for tomorrow is published today and used by nobody yet', async () => {
  const before = await published();
  check(g.cli('keys', 'create', '-c', g.config, '--use', 'oidc', '--alg', 'ES256').status === 0, 'keys create');
  let kid;
  await until('published', async () => { kid = (await published()).find((k) => !before.includes(k)); return kid; });
  const { kids } = await while_people_come((count) => until('people came', () => count() > 8));
  check(!kids.has(kid), 'it signs already');
});

await test('the registry changes while people come: no request fails, and every loop serves it', async () => {
  const before = g.cli('export', '-c', g.config).stdout;
  await while_people_come(async () => {
    for (let i = 0; i < 8; i++) {
      g.import(before.replace('services:\n', `services:\n  - id: new-${i}\n    protocol: link\n    vendor: new\n    name:\n      fi: Uusi ${i}\n    launch_uri: "https://new-${i}.example/"\n`));
      await everywhere(`service new-${i}`, async () => (await agent.clone().once('GET', `${g.url}/open/new-${i}`)).status === 303);
    }
    g.import(before);
    await everywhere('and is gone', async () => (await agent.clone().once('GET', `${g.url}/open/new-7`)).status === 404);
  });
  check(g.cli('export', '-c', g.config).stdout === before, 'the export is another than before');
});

// A row that a person changes, while people come: served on every loop, and told, within a second.
const command = (...words) => g.cli('registry', words[0], '-c', g.config, ...words.slice(1));
const told = () => fs.readdirSync(path.join(g.dir, 'state', 'audit')).filter((f) => f.startsWith('audit-')).sort()
  .flatMap((f) => fs.readFileSync(path.join(g.dir, 'state', 'audit', f), 'utf8').trim().split('\n')).map((line) => JSON.parse(line));

await test('a row that a person changes is served on every loop and stands in the audit log within a second', async () => {
  const before = g.cli('export', '-c', g.config).stdout;
  let slowest = 0;
  await while_people_come(async () => {
    for (let i = 0; i < 8; i++) {
      const done = command('put', '--why', `kokeilu ${i}`, 'service', 'kielo', 'protocol=link', 'vendor=kielo', `name.fi=Kielo ${i}`, `launch_uri=https://kielo-${i}.example/`);
      check(done.status === 0 && /^[+~] service kielo$/m.test(done.stdout), done.stdout + done.stderr);
      const began = Date.now(), version = Number(done.stdout.match(/version (\d+)/)[1]);
      await everywhere(`kielo ${i}`, async () => ((await agent.clone().once('GET', `${g.url}/open/kielo`)).headers.location ?? '').includes(`kielo-${i}`));
      await until('and is told', () => told().some((e) => e.event === 'change' && e.change === version && e.maker === 'cli' && e.why === `kokeilu ${i}`));
      slowest = Math.max(slowest, Date.now() - began);
    }
    check(command('remove', 'service', 'kielo').status === 0, 'remove');
    await everywhere('and is gone', async () => (await agent.clone().once('GET', `${g.url}/open/kielo`)).status === 404);
  });
  console.log(`   served everywhere and told at most ${slowest} ms after the command`);
  check(slowest < 1000, `${slowest} ms`);
  const after = g.cli('export', '-c', g.config).stdout;
  check(after.includes(before.slice(before.indexOf('providers:'))), 'something else was changed');
});

await test('of two people at once the second is shown what the first did, and a file spares both', async () => {
  const file = path.join(g.dir, 'older.yaml');
  fs.writeFileSync(file, g.cli('export', '-c', g.config).stdout);
  const from = command('log', '--last', '1').stdout.trim().split(/\s+/)[0];
  check(command('put', '--from', from, 'service', 'kanerva', 'name.sv=Ljung').status === 0, 'the first');
  const second = command('put', '--from', from, 'service', 'kanerva', 'name.sv=Heide');
  check(second.status === 1 && /name\.sv: was ".*", is "Ljung", wanted "Heide"/.test(second.stderr), second.stdout + second.stderr);
  check(/name\.sv/.test(command('put', 'service', 'kanerva', 'nmae.sv=x').stderr), 'a near word');
  for (const dry of [['--dry-run'], []]) {
    const refused = g.cli('import', '-c', g.config, ...dry, file);
    check(refused.status === 1 && /kept: .*service kanerva: changed by .* \(cli, change \d+\)/.test(refused.stderr), refused.stdout + refused.stderr);
  }
  const replaced = g.cli('import', '-c', g.config, '--replace', file);
  check(replaced.status === 0 && /replaced: .*service kanerva/.test(replaced.stderr), replaced.stdout + replaced.stderr);
  if (process.getuid() === 0) g.chown();
  check(!g.cli('export', '-c', g.config).stdout.includes('Ljung'), 'it was not replaced');
});

await test('what is taken away ends at once: a rule, a service, an identity provider', async () => {
  const before = g.cli('export', '-c', g.config).stdout;
  const { tokens } = await service.finish(service.arrived(await agent.get(service.authorizeUrl(), service.until())).answer);
  g.import(before.replace(/(- id: teachers\n[\s\S]*?opens: )permit/, '$1forbid'));
  await until('the token ends with the rule', async () => (await service.userinfo(tokens.access_token)).status === 401, 5000);
  check((await agent.once('GET', service.authorizeUrl())).status === 403, 'the service still opens');
  g.import(before);
  await until('and comes back with it', async () => (await service.userinfo(tokens.access_token)).status === 200, 5000);
  g.import(before.replace(/(- id: oulu\n    kind: local\n)/, '$1    enabled: false\n'));
  await until('the session ends with its identity provider', async () => (await agent.once('GET', g.url + '/')).status === 303, 5000);
  g.import(before);
});

await test('a wrong file is refused with file and line, and changes nothing', async () => {
  const before = g.cli('export', '-c', g.config).stdout;
  const file = path.join(g.dir, 'wrong.yaml');
  const deep = (n) => 'a: ' + '['.repeat(n) + ']'.repeat(n);
  const wrong = {
    'no YAML': '{{{', 'a tab': 'format: 1\n\tservices: []\n', 'an anchor': 'format: 1\nservices: &x []\n', 'an alias': 'format: 1\nservices: *x\n', 'a tag': 'format: !!int 1\n', 'a merge': 'format: 1\n<<: {a: 1}\n', 'a key twice': 'format: 1\nformat: 1\n', 'two documents': 'format: 1\n---\nformat: 1\n',
    'billion laughs': 'a: &a [x,x]\nb: &b [*a,*a]\n', deep: deep(10000), 'a list': '- 1\n', 'a text': 'hello\n', empty: '', 'no UTF-8': Buffer.from([0x66, 0x3a, 0x20, 0xff, 0xfe]), 'NUL': 'format: 1\nservices: "\0"\n', 'format 2': 'format: 2\n', 'another key': `${before}nothing: 1\n`,
    'an unknown key below': before.replace('    vendor:', '    vendr:'), 'a number for a text': before.replace(/vendor: .*/, 'vendor: [1]'), 'a service twice': before.replace(/services:\n([\s\S]*?)# A policy/, 'services:\n$1$1# A policy'), 'a policy for nobody': before.replace(/(layer: municipality\n    provider: )oulu/, '$1nowhere'),
    'a wildcard': before.replace('http://kanerva.localhost/cb"', 'http://*.localhost/cb"').replace('http://kanerva.localhost/cb\n', 'http://*.localhost/cb\n'),
  };
  for (const [what, text] of Object.entries(wrong)) {
    check(text !== before, `${what} is no change`);
    fs.writeFileSync(file, text);
    const done = g.cli('import', '-c', g.config, file);
    check(done.status === 1 || done.status === 2, `${what}: ${done.status} ${done.signal} ${done.stdout}${done.stderr}`);
    check(/wrong\.yaml:\d+: ./.test(done.stderr), `${what}: ${done.stderr}`);
    check(g.cli('export', '-c', g.config).stdout === before, `${what} changed something`);
  }
  check((await signIn(service, 'anna', new Agent())).answer?.get('code'), 'nobody signs in any more');
});

await test('wrong settings are all named with their lines', async () => {
  const good = fs.readFileSync(g.config, 'utf8');
  const file = path.join(g.dir, 'settings.yaml');
  for (const [what, text, says] of [['an unknown key', good + 'publc_url: x\n', /settings\.yaml:\d+:.*publc_url/], ['no number', good + 'code_life_s: soon\n', /settings\.yaml:\d+:.*code_life_s/], ['too much', good + 'code_life_s: 600\n', /settings\.yaml:\d+:.*code_life_s.*60/],
    ['twice', good + 'loops: 2\n', /settings\.yaml:\d+:.*twice/], ['an anchor', good + 'name: &x y\n', /settings\.yaml:\d+/], ['no YAML', good + '{{{\n', /settings\.yaml:\d+/], ['a list', '- x\n', /settings\.yaml:\d+/], ['nothing', '', /settings\.yaml/], ['no address', good.replace(/listen: .*/, 'listen: nowhere'), /listen/], ['a path in the address', good.replace(/public_url: .*/, 'public_url: https://x.example/y'), /public_url/]]) {
    fs.writeFileSync(file, text);
    const done = g.cli('check', '-c', file);
    check(done.status !== 0 && done.status !== null && says.test(done.stdout + done.stderr), `${what}: ${done.status} ${done.stdout}${done.stderr}`);
  }
  check(g.cli('check', '-c', g.config).status === 0, g.cli('check', '-c', g.config).stdout);
});

await test('five thousand identity providers and services are imported, exported and imported to the same', async () => {
  const before = g.cli('export', '-c', g.config).stdout;
  const N = 5000, idps = [], services = [], policies = [];
  for (let i = 0; i < N; i++) {
    idps.push(`  - { id: idp-${i}, kind: oidc, provider: oulu, name: { fi: "Testi ${i}" }, map: mpassid, issuer: "https://idp-${i}.example", client_id: digione, auth_method: private_key_jwt }\n`);
    services.push(`  - { id: service-${i}, protocol: oidc, vendor: v-${i % 100}, name: { fi: "Palvelu ${i}" }, client_id: service-${i}, secret: { sha256: "${'0'.repeat(60)}${(i + 4096).toString(16)}" }, redirect_uris: ["https://service-${i}.example/cb"], scopes: [openid] }\n`);
    policies.push(`  - { id: policy-${i}, provider: oulu, opens: permit, roles: [teacher], services: [service-${i}], release: [sub] }\n`);
  }
  const large = before.replace('idps:\n', `idps:\n${idps.join('')}`).replace('services:\n', `services:\n${services.join('')}`).replace('policies:\n', `policies:\n${policies.join('')}`);
  const clock = (run) => { const began = process.hrtime.bigint(); const out = run(); return [Number((process.hrtime.bigint() - began) / 1000000n), out]; };
  const [imported] = clock(() => g.import(large));
  const [exported, text] = clock(() => g.cli('export', '-c', g.config).stdout);
  const began = Date.now();
  await everywhere('served', async () => (await agent.clone().once('GET', `${g.url}/oidc/authorize?client_id=service-${N - 1}&redirect_uri=https://service-${N - 1}.example/cb&response_type=code&scope=openid&code_challenge=${'a'.repeat(43)}&code_challenge_method=S256`)).status === 303);
  console.log(`   ${N} of each: import ${imported} ms, export ${exported} ms (${text.length} bytes), served everywhere ${Date.now() - began} ms after`);
  check(/nothing|same|0 added/i.test(g.import(text)) && g.cli('export', '-c', g.config).stdout === text, 'export, import, export differ');
  g.import(before);
  check(g.cli('export', '-c', g.config).stdout === before, 'the way back');
});
await finish();
