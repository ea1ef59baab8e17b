// SPDX-License-Identifier: EUPL-1.2
// E-mail as it arrives at mail servers of our own: invitations, refused addresses, servers that are away, slow, rude, or no
// longer who they were; and that nothing of it waits on anything else.
//   node mail.mjs PATH-OF-DIGIONE
import { spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Agent, forms, text } from './agent.mjs';
import { Gateway, check, fetchLocal, finish, folder, freePort, test, until } from './gateway.mjs';
import { MailServer, certificate, read } from './smtp.mjs';

const program = path.resolve(process.argv[2]);
const dir = folder('mail-server');
fs.chmodSync(dir, 0o755);
const own = certificate(dir, 'mail.localhost'), others = certificate(dir, 'other.example');
const login = { user: 'portti', password: `salainen-${crypto.randomBytes(12).toString('hex')}` };
const passwordFile = path.join(dir, 'password');
fs.writeFileSync(passwordFile, `${login.password}\n`, { mode: 0o644 });

const password = 'salasana-salasana';
const registry = (more = '') => `format: 1
idps:
  - { id: operators, kind: local, name: { fi: Ylläpito } }
  - { id: vendors, kind: local, vendors: true, listed: false, name: { fi: Toimittajat } }
organisations:
  - { id: kinos, business_id: 1572860-0, name: { fi: Kinos Oy, sv: Bio Ab }, contact_technology: t@kinos.example, contact_privacy: p@kinos.example, contact_incidents: i@kinos.example }
admins:
  - { id: riikka-aalto, idp: operators, subject: riikka, role: operator, why: valittu }
accounts:
  - { id: riikka, idp: operators, username: riikka, password: { plain: ${password} }, given_names: Riikka, family_name: Aalto }
${more}`;

const settings = (server, more = {}) => ({ smtp: `starttls://mail.localhost:${server.port}`, smtp_user: login.user, smtp_password_file: passwordFile, smtp_from: 'portti@digione.example', ca_file: own.file, name: 'DigiOne Testi', ...more });
async function gatewayWith(name, server, more) {
  return new Gateway(program, { name, port: await freePort(), registry: registry(), settings: settings(server, more) }).start();
}

// The console's page of organisations, and an invitation from it.
async function operator(g) {
  const agent = new Agent();
  let page = await agent.get(`${g.url}/admin/vendors`);
  if (/\/sign-in/.test(page.url)) {
    page = await agent.get(`${g.url}/sign-in/local?login=${new URL(page.url).searchParams.get('login')}&idp=operators`);
    page = await agent.submit(page, { username: 'riikka', password }, (f) => 'password' in f.fields);
  }
  if (page.url.includes('/admin/enter')) page = await agent.get(`${g.url}/admin/vendors`); // the page goes on by itself
  check(/\/admin\/vendors$/.test(page.url), `no console: ${page.url} ${page.status} ${text(page.text).slice(0, 300)}`);
  return agent;
}
const look = (agent, g) => agent.get(`${g.url}/admin/vendors`);
const invites = (f) => f.buttons.some((b) => b.value === 'invite');
async function invite(agent, g, email, more = {}) {
  return agent.submit(await look(agent, g), { id: 'kinos', act: 'invite', email, ...more }, invites);
}
const linkIn = (s) => /https?:\/\/[^\s]+\/vendor\/invite\/[\w-]+/.exec(s)?.[0];
const says = (g, event) => g.logText().split('\n').filter((l) => l.includes(`"event":"${event}"`)).map((l) => JSON.parse(l));
// Whatever waits is due now: the outbox is asked, and no clock.
const untilMail = (server, to, ms) => until(`a mail to ${to}`, () => server.mails.find((m) => m.to.includes(to)), ms);

const server = await new MailServer({ mode: 'starttls', secure: own, login, answers: (command, argument) => (command === 'RCPT' && argument.includes('eiole@') ? '550 5.1.1 no such user here' : undefined) }).listen();
const g = await gatewayWith('mail', server);
const riikka = await operator(g);

await test('an invitation goes over STARTTLS with log-in, in three languages, and its link opens an account', async () => {
  const answer = await invite(riikka, g, 'vera@kinos.example');
  check(answer.status === 200 && !linkIn(answer.text), `the link is shown though it was sent: ${answer.status}`);
  const mail = await untilMail(server, 'vera@kinos.example');
  check(mail.secure && mail.user === login.user && mail.from === 'portti@digione.example' && mail.to.length === 1, JSON.stringify({ ...mail, raw: '' }));
  const m = read(mail.raw);
  check(m.headers.from === '"DigiOne Testi" <portti@digione.example>' && m.headers.to === '<vera@kinos.example>' && m.headers.subject === 'Kutsu: Kinos Oy, DigiOne Testi', JSON.stringify(m.headers));
  check(m.headers['auto-submitted'] === 'auto-generated' && m.headers['content-language'] === 'fi, sv, en' && /^<[0-9a-f]{64}@digione\.example>$/.test(m.headers['message-id']), JSON.stringify(m.headers));
  for (const word of ['Kinos Oy', 'Bio Ab', 'You are invited', 'Du har bjudits in', 'Omistaja'.toLowerCase()]) check(m.text.toLowerCase().includes(word.toLowerCase()), `${word} is not in it: ${m.text}`);
  const page = await new Agent().get(linkIn(m.text));
  check(page.status === 200 && text(page.text).includes('Kinos Oy'), `its link does not open: ${page.status}`);
  await until('the page says that it was sent', async () => /vera@kinos\.example: lähetetty/.test(text((await look(riikka, g)).text)));
});

await test('an invitation is good while whoever sent it may still invite', async () => {
  const link = linkIn(read((await untilMail(server, 'vera@kinos.example')).raw).text), mine = '- { id: riikka-aalto, idp: operators, subject: riikka, role: operator';
  const other = `  - { id: toinen, idp: operators, username: toinen, password: { plain: ${password} }, given_names: Toinen, family_name: Aalto }\n`;
  g.import(registry(other).replace(mine, '- { id: toinen, idp: operators, subject: toinen, role: operator, why: valittu }\n  ' + mine + ', to: "2026-01-01T00:00:00Z"'));
  await until('its link opens nothing', async () => (await new Agent().get(link)).status === 404);
  g.import(registry());
  await until('its link opens again', async () => (await new Agent().get(link)).status === 200);
});

await test('an operator takes an invitation back: its link opens nothing, and the page lists it no more', async () => {
  const hashes = (page) => forms(page.text).map((f) => f.fields.hash).filter(Boolean), before = hashes(await look(riikka, g));
  await invite(riikka, g, 'vaara@kinos.example');
  const link = linkIn(read((await untilMail(server, 'vaara@kinos.example')).raw).text), page = await look(riikka, g);
  const hash = hashes(page).find((h) => !before.includes(h));
  check((await new Agent().get(link)).status === 200, 'it does not open');
  const stranger = await new Agent().go('POST', `${g.url}/admin/vendors`, { form: { act: 'uninvite', id: 'kinos', hash } });
  check(stranger.status === 403, `a stranger: ${stranger.status}`);
  const answer = await riikka.submit(page, { act: 'uninvite' }, (f) => f.fields.hash === hash);
  check(answer.status === 200 && /Kutsu on peruttu/.test(text(answer.text)) && !/vaara@kinos/.test(text(answer.text)), `${answer.status} ${text(answer.text).slice(0, 400)}`);
  check((await new Agent().get(link)).status === 404, 'its link still opens');
});

await test('an address that is refused is told to the inviter, is not asked again, and is an alarm', async () => {
  await invite(riikka, g, 'eiole@kinos.example');
  await until('the page says that it was refused', async () => /eiole@kinos\.example: osoite ei ota viestejä vastaan/.test(text((await look(riikka, g)).text)));
  check(server.commands.filter((c) => c.includes('eiole@')).length === 1, 'asked more than once');
  const line = await until('the log says so', () => says(g, 'mail.given_up')[0]);
  check(line.status === 550 && line.why === 'refused', JSON.stringify(line));
  await until('an alarm', () => says(g, 'alarm.raised').some((l) => l.code === 'mail_given_up' && l.subject === 'kinos'));
});

await test('what is no single address of ASCII is said beside the form, and no command is made of it', async () => {
  const before = server.commands.length;
  for (const typed of ['vera', 'a@b.example, c@d.example', 'a@b.example\r\nRCPT TO:<c@d.example>', '<a@b.example>', 'äiti@kinos.example', '"a b"@kinos.example', `${'a'.repeat(250)}@kinos.example`]) {
    const answer = await invite(riikka, g, typed);
    check(answer.status === 400 && /yksi sähköpostiosoite/.test(text(answer.text)), `${typed}: ${answer.status}`);
  }
  check(!server.commands.slice(before).some((c) => /RCPT|MAIL/.test(c)), server.commands.slice(before).join());
});

await test('names that people have typed make no line of a header', async () => {
  const answer = await riikka.submit(await look(riikka, g), { id: 'rivi', act: 'invite', email: 'rivi@kinos.example', name_fi: 'Rivi\r\nBcc: kaikki@maailma.example', business_id: '2345678-0', technology: 't@r.example', privacy: 'p@r.example', incidents: 'i@r.example' }, invites);
  if (answer.status !== 200) return; // refused before: as good
  const m = read((await untilMail(server, 'rivi@kinos.example')).raw);
  check(!m.names.includes('bcc') && !/^Bcc/m.test(m.text), m.text);
});

await test('without an address the link is shown once, as where no mail server is set', async () => {
  const answer = await invite(riikka, g, '');
  check(answer.status === 200 && linkIn(answer.text), `no link: ${answer.status}`);
  const bare = await new Gateway(program, { name: 'mail-bare', port: await freePort(), registry: registry() }).start();
  const agent = await operator(bare);
  const page = await look(agent, bare);
  check(!('email' in forms(page.text).find(invites).fields), 'asks for an address that nothing is sent to');
  const shown = await invite(agent, bare, 'vera@kinos.example');
  check(shown.status === 200 && linkIn(shown.text), `no link: ${shown.status}`);
  await bare.stop();
});

await test('neither log nor outbox shows an address, a link or the password', async () => {
  const token = linkIn(read(server.mails[0].raw).text).split('/').pop();
  const outbox = ['', '-wal'].map((s) => path.join(g.state, `registry/mails.sqlite${s}`)).filter((f) => fs.existsSync(f)).map((f) => fs.readFileSync(f, 'latin1')).join('');
  for (const secret of ['vera@kinos.example', 'eiole@kinos.example', token, login.password]) {
    check(!g.logText().includes(secret), `the log has ${secret}`);
    check(!outbox.includes(secret), `the outbox has ${secret}`);
  }
});

await test('digione check says whether the mail server answers, takes the log-in, and is who it says', async () => {
  const checked = (more) => {
    const file = path.join(g.dir, 'check.yaml');
    const all = { ...Object.fromEntries(fs.readFileSync(g.config, 'utf8').trim().split('\n').map((l) => [l.slice(0, l.indexOf(':')), l.slice(l.indexOf(':') + 2)])), ...more };
    fs.writeFileSync(file, Object.entries(all).map(([k, v]) => `${k}: ${v}\n`).join(''));
    return g.later('check', '-c', file);
  };
  const line = (out) => out.split('\n').filter((l) => /^\w+ +mail server /.test(l)).pop() ?? `nothing: ${out}`;
  const good = line(await checked({}));
  check(/^ok .*takes the log-in/.test(good), good);
  const wrong = path.join(dir, 'wrong');
  fs.writeFileSync(wrong, 'arvaus\n');
  const refused = line(await checked({ smtp_password_file: wrong }));
  check(/^warn .*smtp_user/.test(refused) || /^BAD .*smtp_user/.test(refused), refused);
  const away = line(await checked({ smtp: `starttls://mail.localhost:${await freePort()}` }));
  check(/^(warn|BAD) .*(connect|not be reached)/.test(away), away);
  const unproven = line(await checked({ ca_file: others.file }));
  check(/^(warn|BAD) .*certificate/.test(unproven), unproven);
  check(![good, refused, away, unproven].join().includes(login.password), 'shows the password');
});

// Each has a gateway or a moment of its own, and most of them wait for a minute: side by side.
const side = [];
side.push(test('a server that is away is asked again, after a restart of ours too, and the mail arrives once', async () => {
  const { port } = server;
  await server.close();
  await invite(riikka, g, 'myohemmin@kinos.example');
  await until('it was tried', () => says(g, 'mail.not_now').some((l) => l.why === 'connect'));
  check(/myohemmin@kinos\.example: lähdössä/.test(text((await look(riikka, g)).text)), 'the page does not say that it waits');
  await g.stop();
  await server.listen(port);
  await g.start();
  await untilMail(server, 'myohemmin@kinos.example', 100000);
  check(server.mails.filter((m) => m.to.includes('myohemmin@kinos.example')).length === 1, 'twice');
}));

side.push(test('a server that says not now (4xx) is asked again later, and one that shuts the door at once too', async () => {
  let greet, rcpt = '451 4.7.1 greylisted';
  const moody = await new MailServer({ mode: 'starttls', secure: own, login, answers: (c) => (c === 'RCPT' ? rcpt : c === 'GREET' ? greet : undefined) }).listen();
  const h = await gatewayWith('mail-moody', moody), agent = await operator(h);
  await invite(agent, h, 'kohta@kinos.example');
  await until('it was put off', () => says(h, 'mail.not_now').some((l) => l.status === 451));
  check(/kohta@kinos\.example: lähdössä/.test(text((await look(agent, h)).text)), 'it is not said to wait');
  greet = '554 5.7.1 no service for you';
  await invite(agent, h, 'ovi@kinos.example');
  await until('the door was shut', () => says(h, 'mail.not_now').some((l) => l.why === 'server'));
  check(/ovi@kinos\.example: lähdössä/.test(text((await look(agent, h)).text)), 'a server that serves nobody is taken for a refusal of the address');
  greet = undefined; rcpt = undefined;
  await untilMail(moody, 'kohta@kinos.example', 100000);
  await h.stop();
  await moody.close();
}));

side.push(test('to a server without STARTTLS, or with the certificate of another, nothing is said: no log-in, no address', async () => {
  for (const [name, options, why] of [['plain', { mode: 'plain', login }, 'tls'], ['another', { mode: 'starttls', secure: others, login }, 'tls'], ['smtps', { mode: 'smtps', secure: others, login }, 'tls']]) {
    const fake = await new MailServer(options).listen();
    const h = await gatewayWith(`mail-${name}`, fake, name === 'smtps' ? { smtp: `smtps://mail.localhost:${fake.port}` } : {}), agent = await operator(h);
    await invite(agent, h, 'salainen@kinos.example');
    await until(`${name}: it was tried`, () => says(h, 'mail.not_now').some((l) => l.why === why));
    check(!fake.commands.some((c) => /AUTH|MAIL|RCPT|DATA/.test(c)) && fake.mails.length === 0, `${name}: ${fake.commands}`);
    await h.stop();
    await fake.close();
  }
}));

side.push(test('a wrong password is a fault of ours: the mail waits, and the address is not blamed', async () => {
  const strict = await new MailServer({ mode: 'smtps', secure: own, login: { user: login.user, password: 'toinen' } }).listen();
  const h = await gatewayWith('mail-login', strict, { smtp: `smtps://mail.localhost:${strict.port}` }), agent = await operator(h);
  await invite(agent, h, 'odottaa@kinos.example');
  await until('the log-in was refused', () => says(h, 'mail.not_now').some((l) => l.why === 'login'));
  check(/odottaa@kinos\.example: lähdössä/.test(text((await look(agent, h)).text)), 'it is not said to wait');
  check(!h.logText().includes(login.password), 'the log shows the password');
  await h.stop();
  await strict.close();
}));

side.push(test('a server that answers never, not to QUIT either, holds up no page and no fetch', async () => {
  let go;
  const gate = new Promise((r) => { go = r; });
  const slow = await new MailServer({ mode: 'plain', quitSilent: true, wait: (c) => (c === 'DATA' ? gate : Promise.resolve()) }).listen();
  const h = await gatewayWith('mail-slow', slow, { smtp: `smtp://127.0.0.1:${slow.port}`, smtp_user: null, smtp_password_file: null }), agent = await operator(h);
  for (const n of [1, 2, 3, 4, 5, 6]) await invite(agent, h, `hidas${n}@kinos.example`);
  await until('four are held', () => slow.commands.filter((c) => c === 'DATA').length === 4);
  // The fetcher answers others meanwhile: readiness asks it every few seconds, and says so.
  for (let i = 0; i < 20; i++) check((await fetchLocal(h.port, '/health/ready', { host: h.host })).status === 200, 'not ready');
  check((await look(agent, h)).status === 200, 'the console waits');
  go();
  await until('all six arrive', () => new Set(slow.mails.flatMap((m) => m.to)).size === 6, 90000);
  check(slow.mails.length === 6, `${slow.mails.length} mails`);
  await h.stop();
  await slow.close();
}));

await Promise.all(side);

/* --- what ends --------------------------------------------------------------------------------------------------- */

const inDays = (n) => new Date(Date.now() + n * 86400000 - 3600000);
const finnish = (d) => new Intl.DateTimeFormat('fi-FI', { timeZone: 'Europe/Helsinki', day: 'numeric', month: 'numeric', year: 'numeric' }).format(d);
const spOf = (days) => {
  const pem = certificate(dir, 'sp.example', `sp-${days}`, days);
  const x = new crypto.X509Certificate(pem.cert);
  return { ends: new Date(x.validTo), xml: `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://sp.example/saml"><SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>${x.raw.toString('base64')}</X509Certificate></X509Data></KeyInfo></KeyDescriptor><AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://sp.example/acs" index="0"/></SPSSODescriptor></EntityDescriptor>` };
};
const sp = spOf(21);
const until59 = inDays(59).toISOString().slice(0, 10);
const ending = `services:
  - { id: kinos-saml, protocol: saml, vendor: kinos, name: { fi: Kinos SAML }, entity_id: "https://sp.example/saml", asks: [sub], metadata_xml: '${sp.xml}' }
  - { id: kinos-tarve, client_id: tarve, protocol: oidc, vendor: kinos, name: { fi: Kinos Tarve }, secret: { plain: "${crypto.randomBytes(24).toString('hex')}" }, redirect_uris: ["https://t.example/cb"], asks: [sub, email], purposes: [{ attribute: email, purpose: { fi: a, sv: b, en: c }, basis: contract, until: "${until59}" }] }
  - { id: kinos-kiinni, enabled: false, client_id: kiinni, protocol: oidc, vendor: kinos, name: { fi: Kinos Kiinni }, secret: { plain: "${crypto.randomBytes(24).toString('hex')}" }, redirect_uris: ["https://k.example/cb"], asks: [sub, email], purposes: [{ attribute: email, purpose: { fi: a, sv: b, en: c }, basis: contract, until: "${until59}" }] }
`;
const box = await new MailServer({ mode: 'smtps', secure: own, login }).listen();
let w;

// As if somebody had opened the link that the portal sends there (tests/browser/vendor_people.mjs has that whole).
const verified = async (h, address) => {
  const file = path.join(h.state, 'registry/vendors.sqlite');
  await until('the store is there', () => fs.existsSync(file));
  await h.stop();
  const done = spawnSync('python3', ['-c', 'import sqlite3, sys\nd = sqlite3.connect(sys.argv[1])\nd.execute("INSERT INTO contacts (organisation, part, address, at_s) VALUES (?, 0, ?, 1)", ("kinos", sys.argv[2]))\nd.commit()', file, address], { encoding: 'utf8' });
  check(done.status === 0, done.stderr);
  h.chown();
  await h.start();
};

await test('the technical contact is warned of a certificate and of a need that end, once, and the console shows it', async () => {
  w = await new Gateway(program, { name: 'mail-ends', port: await freePort(), registry: registry(ending), settings: settings(box, { smtp: `smtps://mail.localhost:${box.port}` }) }).start();
  await verified(w, 't@kinos.example');
  await until('two warnings', () => box.mails.length >= 2);
  const all = box.mails.map((m) => ({ to: m.to.join(), ...read(m.raw) }));
  check(all.every((m) => m.to === 't@kinos.example'), all.map((m) => m.to).join());
  const certificateMail = all.find((m) => m.headers.subject.includes('Kinos SAML')), need = all.find((m) => m.headers.subject.includes('Kinos Tarve'));
  // Which of several, by its fingerprint.
  check(certificateMail.headers.subject.replace(/ [0-9A-F]{16}…/, '') === `Kinos SAML: varmenne päättyy ${finnish(sp.ends)} (20 pv)` && /varmenne [0-9A-F]{16}…/.test(certificateMail.headers.subject), certificateMail.headers.subject);
  check(certificateMail.text.includes(`${w.url}/vendor/service/kinos-saml`) && /stops working/.test(certificateMail.text), certificateMail.text);
  check(/tietotarve email päättyy/.test(need.headers.subject) && /confirm the need/.test(need.text), need.text);
  const agent = await operator(w);
  const seen = await until('the alarm', async () => { const page = await agent.get(`${w.url}/admin/alarms`); return /päättymässä/.test(text(page.text)) && text(page.text); });
  check(/kinos-saml|Kinos SAML/.test(seen), seen.slice(0, 600));
});

await test('a restart warns nobody again, and neither does a second node with a registry of its own that shares the Redis', async () => {
  await w.stop();
  await w.start();
  await until('it has looked', () => says(w, 'gateway.serving').length === 3);
  const second = new Gateway(program, { name: 'mail-second', port: await freePort(), registry: registry(ending), settings: settings(box, { smtp: `smtps://mail.localhost:${box.port}`, redis: `unix:${path.join(w.state, 'redis/redis.sock')}` }) });
  fs.copyFileSync(path.join(w.state, 'root-secret'), path.join(second.state, 'root-secret'));
  second.chown();
  await second.start();
  await verified(second, 't@kinos.example');
  await until('the second has found the same, and left them', () => says(second, 'mail.elsewhere').length === 2);
  check(box.mails.length === 2, `${box.mails.length} mails`);
  await second.stop();
});

await test('what was renewed is no alarm any more, and a nearer end of another is a warning of its own', async () => {
  const near = spOf(6), before = box.mails.length;
  const out = w.import(registry(ending.replace(sp.xml, near.xml)));
  await until('the warning of the last week', () => box.mails.length > before);
  check(read(box.mails.at(-1).raw).headers.subject.includes('(5 pv)'), `${read(box.mails.at(-1).raw).headers.subject} ${out}`);
});

await test('an operator sees which contacts nobody has verified, and sends the link again, five times a day to one address', async () => {
  const agent = await operator(w), unproven = (page) => /<ul class="lines" id="unproven">([\s\S]*?)<\/ul>/.exec(page.text)?.[1] ?? '', prove = async () => agent.submit(await look(agent, w), { act: 'prove' }, (f) => f.fields.act === 'prove' || (f.fields.id === 'kinos' && f.fields.contact === 'privacy'));
  const before = text(unproven(await look(agent, w)));
  check(/p@kinos\.example Vahvistusta ei ole pyydetty/.test(before) && /i@kinos\.example/.test(before) && !/t@kinos\.example/.test(before), before);
  const sent = await prove();
  check(sent.status === 200 && /Vahvistuslinkki lähetetään/.test(text(sent.text)) && /p@kinos\.example Linkki lähetetty .*pyytäjä sinä/.test(text(unproven(sent))), `${sent.status} ${text(unproven(sent))}`);
  const first = /https?:\/\/[^\s]+\/vendor\/contact\/[\w-]+/.exec(read((await untilMail(box, 'p@kinos.example')).raw).text)[0];
  for (let i = 1; i < 5; i++) check((await prove()).status === 200, `the ${i + 1}. is refused`);
  const refused = await prove();
  check(refused.status === 400 && /sallitut viestit/.test(text(refused.text)), `${refused.status} ${text(refused.text).slice(0, 300)}`);
  check((await new Agent().get(first)).status === 404, 'an older link is good');
  await until('the last one', () => box.mails.filter((m) => m.to.includes('p@kinos.example')).length === 5);
});

await w.stop();
await box.close();

await g.stop();
await server.close();
await finish();
