// SPDX-License-Identifier: EUPL-1.2
// An aggregate of 10,000 entities and 75 MB, fetched and read by a running gateway: how long it takes, what memory it
// needs, and what sign-ins notice of it.
//   node bench/aggregate.mjs PATH-OF-DIGIONE [ENTITIES]
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { Agent, forms } from '../tests/e2e/agent.mjs';
import { Gateway, check, folder, freePort, until } from '../tests/e2e/gateway.mjs';
import { registryText } from '../tests/e2e/local.mjs';
import { SamlService, posted } from '../tests/e2e/saml_sp.mjs';
import { base64Of, entity, role, signer, writeAggregate } from '../tests/e2e/signed_metadata.mjs';

const program = path.resolve(process.argv[2]), entities = Number(process.argv[3] ?? 10000);
const dir = folder('aggregate'), by = signer(dir), cert = base64Of(signer(dir, 'some').pem);
const s = new SamlService(dir, 'http://one.localhost:9');
// As large as the real ones are: 7 kB, most of it texts and certificates.
const filler = `<md:Extensions><mdui:UIInfo xmlns:mdui="urn:oasis:names:tc:SAML:metadata:ui">${Array.from({ length: 12 }, (_, i) => `<mdui:Description xml:lang="x-${i}">${'Kuvaus palvelusta, jota kukaan ei lue. '.repeat(8)}</mdui:Description>`).join('')}</mdui:UIInfo></md:Extensions>`;
const of = (i) => (i === entities >> 1
  ? entity(s.entity, role({ keys: [['signing', s.certificate]], acs: [['HTTP-POST', s.acs]] }))
  : entity(`https://sp${i}.example/shibboleth`, filler + role({ keys: [['signing', cert], ['encryption', cert]], acs: [['HTTP-POST', `https://sp${i}.example/acs`]] })));
let file = 0;
const write = (until_s) => { const at = path.join(dir, `all-${file++}.xml`); writeAggregate(at, entities, of, by, { until: until_s }); return at; };
let serves = write(86400);
const size = fs.statSync(serves).size;
const server = http.createServer((req, res) => fs.createReadStream(serves).pipe(res));
const mdPort = await freePort();
await new Promise((r) => server.listen(mdPort, '127.0.0.1', r));

const g = new Gateway(program, { name: 'aggregate', port: await freePort(), settings: { loops: null } });
const pem = by.pem.trim().split('\n').map((l) => `      ${l}`).join('\n');
g.import(registryText(`  - { id: one, protocol: saml, vendor: one-oy, name: { fi: one }, test: true, entity_id: "${s.entity}", asks: [sub], metadata_from: fed }\n  - { id: two, protocol: saml, vendor: two-oy, name: { fi: two }, test: true, entity_id: "${s.entity}/two", asks: [sub], metadata_from: fed }\n`, { rules: '  - { id: teachers, provider: oulu, role: teacher, release: [sub] }\n' })
  + `metadata_sources:\n  - id: fed\n    test: true\n    url: http://md.localhost:${mdPort}/all.xml\n    signer: |\n${pem}\n`);
await g.start();
const reads = () => g.logText().split('\n').filter((l) => l.includes('"source.read"')).map((l) => JSON.parse(l));
const gatewayPid = g.processes().find((p) => /gateway/.test(p.name)).pid, fetcherPid = g.processes().find((p) => /fetcher/.test(p.name)).pid;
const status = (pid) => { // kB; anonymous memory is what has to be there, of the file's pages the kernel may forget any
  const text = fs.readFileSync(`/proc/${pid}/status`, 'utf8'), of_ = (n) => Number(new RegExp(`^${n}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  return { anon: of_('RssAnon'), shmem: of_('RssShmem'), file: of_('RssFile') };
};
await until('the first is read', () => reads().length > 0, 600000);
check(reads()[0].result === 'renewed' && reads()[0].entities === entities, JSON.stringify(reads()[0]));

const agent = new Agent(), url = () => `${g.url}/saml/sso?${s.query(s.request(`${g.url}/saml/sso`), { sign: true })}`;
let page = await agent.get(url());
if (!forms(page.text).some((f) => 'password' in f.fields)) page = await agent.submit(page, { idp: 'oulu' }, (f) => f.buttons.some((b) => b.value === 'oulu'));
page = await agent.submit(page, { username: 'anna', password: 'salasana-anna' }, (f) => 'password' in f.fields);
check(posted(page)?.status === 'Success', 'no sign-in');
// Sign-ins of somebody who is signed in, one after the other: each finds its service in the index.
async function load(goes) {
  const took = [], peak = { gateway: 0, shmem: 0, fetcher: 0 };
  while (goes(took.length)) {
    const began = performance.now();
    const got = posted(await agent.get(url()));
    took.push(performance.now() - began);
    check(got?.status === 'Success', 'no answer');
    const st = status(gatewayPid);
    peak.gateway = Math.max(peak.gateway, st.anon);
    peak.shmem = Math.max(peak.shmem, st.shmem);
    peak.fetcher = Math.max(peak.fetcher, status(fetcherPid).anon + status(fetcherPid).shmem);
  }
  took.sort((a, b) => a - b);
  return { n: took.length, p50: took[took.length >> 1], p99: took[Math.floor(took.length * 0.99)], most: took.at(-1), ...peak };
}
const quiet = await load((n) => n < 400);
serves = write(90000);
const before = reads().length, base = status(gatewayPid), at = Date.now();
check(g.cli('refresh', '-c', g.config, 'fed').status === 0, 'refresh');
const busy = await load(() => reads().length === before);
const line = reads().at(-1), seconds = (Date.now() - at) / 1000;
check(line.result === 'renewed', JSON.stringify(line));
const index = fs.statSync(path.join(g.state, 'metadata', 'fed.index')).size;
const ms = (x) => `p50 ${x.p50.toFixed(1)} ms, p99 ${x.p99.toFixed(1)} ms, most ${x.most.toFixed(1)} ms (${x.n} sign-ins)`;
console.log(`${entities} entities, ${(size / 1e6).toFixed(1)} MB, index on disk ${(index / 1e6).toFixed(1)} MB; load of the machine ${os.loadavg().map((x) => x.toFixed(1)).join(' ')}`);
console.log(`fetched, read, verified and indexed in ${seconds.toFixed(1)} s, of which reading ${(line.took_ms / 1000).toFixed(1)} s`);
console.log(`memory of the gateway: ${(base.anon / 1024).toFixed(1)} MB before, ${(busy.gateway / 1024).toFixed(1)} MB at the most (+${((busy.gateway - base.anon) / 1024).toFixed(1)} MB), shared ${(busy.shmem / 1024).toFixed(1)} MB; of the fetcher ${(busy.fetcher / 1024).toFixed(1)} MB`);
console.log(`sign-ins, quiet:           ${ms(quiet)}`);
console.log(`sign-ins, while it is read: ${ms(busy)}`);
await g.stop();
server.close();
server.closeAllConnections();
process.exit(0);
