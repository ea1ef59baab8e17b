// SPDX-License-Identifier: EUPL-1.2
// Deep links in real Chromium, with and without scripts: from a printed code to the place in the service, and nowhere else; a city
// that takes our request by POST alone.     node links.mjs PATH-OF-DIGIONE
import http from 'node:http';
import path from 'node:path';
import { launch } from './chromium.mjs';
import { Gateway, check, finish, freePort, test } from '../e2e/gateway.mjs';
import { judge } from './look.mjs';

const program = path.resolve(process.argv[2]);

const password = 'salasana-salasana';

// A service that says where somebody stands in it, and a city's sign-in page that says what was posted to it.
const elsewhere = http.createServer((req, res) => {
  let body = '';
  req.on('data', (d) => { body += d; });
  req.on('end', () => res.setHeader('Content-Type', 'text/html').end(`<!DOCTYPE html><html lang="fi"><title>x</title><main>${req.method} ${req.url.replace(/[<&]/g, '')} ${[...new URLSearchParams(body).keys()].join(',')}</main>`));
});
await new Promise((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
const site = `http://127.0.0.1:${elsewhere.address().port}`;

const { execFileSync } = await import('node:child_process');
const pem = execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', '/dev/null', '-subj', '/CN=city', '-days', '2'], { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
const key = pem.replace(/-----[^-]*-----/g, '').replace(/\s/g, '');
const port = await freePort();
const g = await new Gateway(program, { name: 'links', port, registry: ['format: 1', 'providers:',
  '  - { id: oulu, oid: "1.2.246.562.99.95640100004", name: { fi: Oulu, sv: Uleåborg }, schools: [{ oid: "1.2.246.562.99.95640200010", code: "99101", name: { fi: Testi-Kielonmäen koulu } }] }',
  '  - { id: espoo, oid: "1.2.246.562.99.95640100017", name: { fi: Espoo } }',
  'idps:', '  - { id: oulu, kind: local, provider: oulu, name: { fi: Oulu } }',
  '  - id: espoo', '    kind: saml', '    provider: espoo', '    name: { fi: Espoo }', '    test: true', '    map: funet', `    entity_id: "${site}/idp"`, '    metadata_xml: |',
  `      <EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="${site}/idp"><IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${key}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor><SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="${site}/sso"/></IDPSSODescriptor></EntityDescriptor>`,
  'services:', `  - { id: kanerva, protocol: link, vendor: kanerva, category: learning, test: true, name: { fi: Kanerva }, launch_uri: "${site}/alku?kieli={locale}", targets: ["${site}/kurssit/"] }`,
  'rules:', '  - { id: teachers, provider: oulu, role: teacher }',
  'accounts:', `  - { id: aino, idp: oulu, username: aino, password: { plain: ${password} }, given_names: Aino, family_name: Testi, affiliations: [{ provider: oulu, role: teacher, school: "1.2.246.562.99.95640200010" }] }`].join('\n') + '\n' }).start();
const browser = await launch();
const person = async (options = {}) => (await browser.newContext({ locale: 'fi-FI', viewport: { width: 320, height: 800 }, reducedMotion: 'reduce', ...options })).newPage();
const link = (to) => `${g.url}/open/kanerva?to=${encodeURIComponent(to)}`;

for (const javaScriptEnabled of [true, false])
  await test(`a printed code leads over the sign-in to its place, scripts ${javaScriptEnabled}`, async () => {
    const page = await person({ javaScriptEnabled });
    await page.goto(link(`${site}/kurssit/9?sivu=2`));
    await page.click('button[name=idp][value=oulu]');
    await page.fill('#username', 'aino');
    await page.fill('#password', password);
    await page.click('#local .acts button');
    await page.waitForURL(`${site}/**`);
    check(page.url() === `${site}/kurssit/9?sivu=2`, page.url());
    // Signed in, from a bookmark and from the tile.
    await page.goto(link('/kurssit/7#luku'));
    check(page.url() === `${site}/kurssit/7#luku`, page.url());
    await page.goto(`${g.url}/open/kanerva`);
    check(page.url() === `${site}/alku?kieli=fi`, page.url());
    await page.context().close();
  });

await test('a link to elsewhere is a page that offers the front page', async () => {
  const page = await person();
  for (const to of ['https://evil.example/', `${site}@evil.example/kurssit/`, '//evil.example/kurssit/', `${site}/kurssit/../alku`, `${site}/kurssit/%2e%2e/alku`, '/\\evil.example/', 'javascript:alert(1)']) {
    const answer = await page.goto(link(to));
    check(answer.status() === 400 && page.url().startsWith(g.url), `${to}: ${answer.status()} ${page.url()}`);
  }
  check((await page.textContent('h1')) === 'Linkki ei vie perille', await page.textContent('main'));
  await judge(page, 'astray');
  check((await page.getAttribute('main .acts a.b', 'href')) === '/open/kanerva', 'its front page is not offered');
  await page.context().close();
});

for (const javaScriptEnabled of [true, false])
  await test(`a city that takes our request by POST alone is asked so, scripts ${javaScriptEnabled}`, async () => {
    const page = await person({ javaScriptEnabled });
    await page.goto(link(`${site}/kurssit/9`));
    await page.click('button[name=idp][value=espoo]');
    if (!javaScriptEnabled) await page.click('main form button');
    await page.waitForURL(`${site}/sso`);
    check((await page.textContent('main')) === 'POST /sso SAMLRequest,RelayState', await page.textContent('main'));
    await page.context().close();
  });

await browser.close();
await g.stop();
elsewhere.close();
await finish();
