// SPDX-License-Identifier: EUPL-1.2
// Certificates of a SAML service side by side, in a real Chromium and by real signed messages: a second one is added in the
// vendor portal, both are good, the page and an alarm say that the older one is still used, and a button retires it.
//   node vendor_certificates.mjs PATH-OF-DIGIONE
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { Gateway, check, fetchLocal, finish, folder, freePort, test, until } from '../e2e/gateway.mjs';
import { SamlService } from '../e2e/saml_sp.mjs';
import { axeFindsNothing } from './look.mjs';

const program = path.resolve(process.argv[2]);
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((p) => fs.existsSync(p));
if (!executablePath) { console.log('Chromium is not installed'); process.exit(77); }
const password = 'salasana-salasana', LONG_MS = 110000;
const sp = (name) => new SamlService(folder(`certificates-${name}`), 'http://lokki.localhost', { encryption: true, slo: ['HTTP-Redirect', 'SOAP'] });
const first = sp('first'), second = sp('second'), third = sp('third'), test_ = sp('test');
const print = (s) => crypto.createHash('sha256').update(Buffer.from(s.certificate, 'base64')).digest('hex').toUpperCase();
const pem = (s) => fs.readFileSync(path.join(s.dir, 'sp.crt'), 'utf8');
const at = (s, host) => s.xml.replaceAll('http://lokki.localhost', host);

const registry = `format: 1
providers:
  - { id: oulu, oid: "1.2.246.562.99.95640100004", name: { fi: Oulu }, schools: [{ oid: "1.2.246.562.99.95640200010", code: "99101", name: { fi: Testi-Kielonmäen koulu } }] }
idps:
  - { id: operators, kind: local, name: { fi: Ylläpito } }
  - { id: vendors, kind: local, vendors: true, listed: false, name: { fi: Toimittajat, sv: Leverantörer, en: Vendors } }
admins:
  - { id: riikka-aalto, idp: operators, subject: riikka, role: operator, why: valittu }
accounts:
  - { id: riikka, idp: operators, username: riikka, password: { plain: ${password} }, given_names: Riikka, family_name: Aalto }
`;
const g = await new Gateway(program, { name: 'vendor-certificates', port: await freePort(), registry }).start();
const browser = await chromium.launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-background-networking'] });
const send = async (page, act) => { const [answer] = await Promise.all([page.waitForNavigation(), act]); return answer?.status(); };
function code(seed) { // [RFC 6238]
  const bits = [...seed].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join(''), counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
  const mac = crypto.createHmac('sha1', Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))).update(counter).digest(), o = mac.at(-1) & 15;
  return String((mac.readUInt32BE(o) & 0x7fffffff) % 1000000).padStart(6, '0');
}
const visitor = async (options = {}) => { const context = await browser.newContext({ locale: 'fi-FI', reducedMotion: 'reduce', ...options }); return { context, page: await context.newPage() }; };
// A message that the service signs: taken, whatever it says of whom; or its signature is nobody's.
const signedBy = async (s) => {
  s.entity = 'https://lokki.example/sp';
  const xml = s.logout(`${g.url}/saml/slo/soap`, { name: 'nobody' });
  const res = await fetchLocal(g.port, '/saml/slo/soap', { host: g.host, method: 'POST', headers: { 'Content-Type': 'text/xml' }, body: `<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>${s.signed(xml, 'LogoutRequest')}</S:Body></S:Envelope>` });
  return /UnknownPrincipal/.test(res.text) ? 'taken' : 'refused';
};
const auditLines = () => fs.readdirSync(path.join(g.state, 'audit')).filter((f) => f.endsWith('.jsonl') && f.startsWith('audit-')).sort().flatMap((f) => fs.readFileSync(path.join(g.state, 'audit', f), 'utf8').trim().split('\n'));

let vera;
await test('an owner of the organisation comes in', async () => {
  const { context, page } = await visitor();
  await page.goto(`${g.url}/admin/vendors`);
  await page.waitForURL(/\/sign-in/);
  await page.goto(`${g.url}/sign-in/local?login=${new URL(page.url()).searchParams.get('login')}&idp=operators`);
  await page.fill('#username', 'riikka');
  await page.fill('#password', password);
  await send(page, page.click('form:has(#password) .acts button.b'));
  for (const [f, v] of Object.entries({ name_fi: 'Lokki Oy', business_id: '1572860-0', technology: 't@lokki.example', privacy: 'p@lokki.example', incidents: 'i@lokki.example' })) await page.fill(`#${f}`, v);
  check(await send(page, page.click('[value=invite]')) === 200, await page.textContent('main'));
  const link = await page.textContent('#link');
  await context.close();
  vera = await visitor();
  await vera.page.goto(link);
  for (const [f, v] of Object.entries({ given_names: 'Vera', family_name: 'Lokki', username: 'vera', password: 'pitkä lause on parempi', code: code((await vera.page.textContent('#seed')).trim()) })) await vera.page.fill(`#${f}`, v);
  await send(vera.page, vera.page.click('main form .acts button.b'));
  const paper = (await vera.page.locator('#papers code').first().textContent()).trim();
  await vera.page.goto(`${g.url}/vendor`);
  for (const [f, v] of Object.entries({ username: 'vera', password: 'pitkä lause on parempi', code: paper })) await vera.page.fill(`#${f}`, v);
  await send(vera.page, vera.page.click('#local .acts button.b'));
  await vera.page.waitForURL(`${g.url}/vendor`);
  // What is in production is the operator's to put there.
  const owner = /organisations:\s+- (?:\{ ?)?id: "?([\w-]+)/.exec(g.cli('export', '-c', g.config).stdout)[1];
  for (const [id, host, s, more, how = []] of [['lokki-testi', 'https://testi.example', test_, ['test=true']], ['lokki', 'https://lokki.example', first, ['tested_as=lokki-testi'], ['--ungated', 'the test puts it there']]]) {
    const r = g.cli('registry', 'put', '-c', g.config, ...how, 'service', id, 'protocol=saml', `vendor=${owner}`, 'name.fi=Lokki', `entity_id=${host}/sp`, 'asks=sub', `metadata_xml=${at(s, host)}`, ...more);
    check(r.status === 0, `${id}: ${r.stderr} ${r.stdout}`);
  }
  await until('they are served', async () => (await vera.page.goto(`${g.url}/vendor/service/lokki`)).status() === 200);
});

const open = (id = 'lokki') => vera.page.goto(`${g.url}/vendor/service/${id}`);
const row = (s) => vera.page.locator(`#certificates li:has(code:text-is("${print(s)}"))`);
async function adds(text, use = 'same') {
  const { page } = vera;
  if (!(await page.locator('#certificate').isVisible())) await page.click('#certificates summary');
  await page.fill('#certificate', text);
  await page.check(`#certificates [name=use][value=${use}]`);
  return send(page, page.click('[value=certificate_add]'));
}

await test('one certificate stands alone: it cannot be retired, by the page or past it', async () => {
  const { page } = vera;
  await open();
  check(await row(first).count() === 1 && (await page.locator('[value=certificate_retire]').count()) === 0, await page.textContent('#certificates'));
  await axeFindsNothing(page, 'certificates-one');
  await page.evaluate((p) => { const f = document.querySelector('#certificates form'); for (const [n, v] of [['act', 'certificate_retire'], ['print', p]]) { const i = document.createElement('input'); i.type = 'hidden'; i.name = n; i.value = v; f.prepend(i); } f.querySelector('button').remove(); f.noValidate = true; }, print(first));
  check(await send(page, page.evaluate(() => document.querySelector('#certificates form').submit())) === 400 && /viimeinen/.test(await page.textContent('main')), await page.textContent('main'));
  check(await signedBy(first) === 'taken' && await signedBy(second) === 'refused', 'the metadata alone count');
});

await test('what is no certificate, a private key, one of the test, and one that is there are refused; a private key is not shown again', async () => {
  const { page } = vera;
  await open();
  for (const [text, says] of [['kissa', /PEM-muodossa/], [fs.readFileSync(path.join(second.dir, 'sp.key'), 'utf8'), /yksityinen avain/], [pem(test_), /testin avain/], [pem(first), /on jo palvelulla/]]) {
    check(await adds(text) === 400 && says.test(await page.textContent('#certificate-e')), `${says}: ${await page.textContent('main')}`);
    check((await page.inputValue('#certificate')).includes('PRIVATE') === false, 'the private key is on the page');
  }
  await axeFindsNothing(page, 'certificates-wrong');
});

await test('a second one is good beside the first as soon as it is added, in production too', async () => {
  const { page } = vera;
  await open();
  check(await adds(pem(second)) === 200 && /on lisätty/.test(await page.textContent('main')), await page.textContent('main'));
  check(await row(first).count() === 1 && await row(second).count() === 1 && (await page.locator('[value=certificate_retire]').count()) === 2, await page.textContent('#certificates'));
  check(/Vanhempi/.test(await row(first).textContent()) && !/Vanhempi/.test(await row(second).textContent()), await page.textContent('#certificates'));
  check(/Tunnin sisään ei ole tullut/.test(await page.textContent('#certificates')), await page.textContent('#certificates'));
  check(auditLines().some((l) => /vendor\.service|"service"/.test(l) && /lokki/.test(l)), 'no line in the audit log');
  await until('the newer one counts', async () => await signedBy(second) === 'taken');
  check(await signedBy(third) === 'refused', 'a stranger was taken');
});

await test('nothing is said while the newer one alone is used; then the page, the alarm and `keys list` name who uses the older one', async () => {
  await open();
  check(/Tunnin sisään ei ole tullut/.test(await vera.page.textContent('#certificates')), 'the newer one is called older');
  check(await signedBy(first) === 'taken', 'the older one is no longer good');
  await until('the page says so', async () => { await open(); return /Vanhemmalla varmenteella allekirjoitettua tuli viimeksi/.test(await vera.page.textContent('#certificates')); });
  await axeFindsNothing(vera.page, 'certificates-two');
  await until('the alarm', async () => /^digione_alarm\{code="service_older_certificate",severity="warning"\} 1$/m.test((await fetchLocal(g.port, '/metrics', { host: g.host })).text), LONG_MS);
  const listed = g.cli('keys', 'list', '-c', g.config).stdout;
  check(/service +lokki +signs with an older certificate/.test(listed), listed);
});

await test('a button retires the older one: what it signs is nobody’s, at once; and it can be used again', async () => {
  const { page } = vera;
  await open();
  check(await send(page, row(first).locator('[value=certificate_retire]').click()) === 200 && /poistettu käytöstä/i.test(await page.textContent('main')), await page.textContent('main'));
  check(/Poistettu käytöstä/.test(await row(first).textContent()) && (await page.locator('[value=certificate_retire]').count()) === 0, await page.textContent('#certificates'));
  await until('it is refused', async () => await signedBy(first) === 'refused');
  check(await signedBy(second) === 'taken', 'the newer one was retired with it');
  check(await send(page, row(first).locator('[value=certificate_again]').click()) === 200, await page.textContent('main'));
  await until('it is taken again', async () => await signedBy(first) === 'taken');
  check(await send(page, row(first).locator('[value=certificate_retire]').click()) === 200, await page.textContent('main'));
  await until('it is refused again', async () => await signedBy(first) === 'refused');
});

await test('each is warned of singly: what ends on the page has one line a certificate, and none for the retired one', async () => {
  await open();
  const ends = await vera.page.textContent('#ends');
  check(ends.includes(print(second)) && !ends.includes(print(first)), ends);
});

await test('a program does the same by rows, and the last of a use is not retired by it either', async () => {
  const file = path.join(g.dir, 'out.yaml'), out = g.cli('export', '-c', g.config).stdout;
  const listed = new RegExp(`( +)certificates_retired:\\s+- "?${print(first)}"?`).exec(out);
  check(listed && /signing_too: /.test(out), `certificates are not exported: ${out.length}`);
  fs.writeFileSync(file, out.replace(listed[0], `${listed[0]}\n${listed[1]}  - ${print(second)}`));
  const refused = g.cli('import', '-c', g.config, '--replace', file);
  check(refused.status !== 0 && /leaves no certificate that it signs with/.test(refused.stderr + refused.stdout), refused.stderr + refused.stdout);
});

await browser.close();
await finish();
