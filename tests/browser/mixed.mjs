// SPDX-License-Identifier: EUPL-1.2
// Services of every protocol on one web server, which write down what each has really heard of the end of a session.  OpenID Connect:
// back hears from us, framed by a frame, stuck takes the connection and never answers.  SAML: soap hears from us, trip by the browser
// alone.  tool, of LTI, nobody can tell.
import crypto from 'node:crypto';
import http from 'node:http';
import zlib from 'node:zlib';
import { check, folder, until } from '../e2e/gateway.mjs';
import { Service } from '../e2e/rp.mjs';
import { SamlService, inflated } from '../e2e/saml_sp.mjs';

export const ALL = ['back', 'framed', 'soap', 'trip', 'tool', 'stuck'];
// What the page says of each, where all were opened and everybody could be asked.
export const TRUE = { back: 'out', soap: 'out', trip: 'out', framed: 'asked', stuck: 'asked', tool: 'deaf' };
const secret = 'a-secret-of-the-test-that-nobody-else-has';
const text = (s) => s.replaceAll('\u00ad', '');
const show = (res, what) => res.writeHead(200, { 'Content-Type': 'text/html' }).end(`<!doctype html><html lang="en"><title>service</title><h1>${what}</h1></html>`);
const go = (res, to) => res.writeHead(303, { Location: to }).end();
const body = (req) => new Promise((resolve) => { const parts = []; req.on('data', (d) => parts.push(d)).on('end', () => resolve(Buffer.concat(parts).toString())); });

export class Mixed {
  told = [];   // ids, in the order in which services heard that the session is over
  names = {};  // what services of SAML were told of the person
  answers = false;
  stuckHeard = 0;
  pending = new Set(); // connections that get no answer

  static async start() {
    const m = new Mixed();
    m.server = http.createServer((req, res) => {
      const url = new URL(req.url, 'http://x');
      if (m.rooms[url.pathname]) m.rooms[url.pathname](req, res, url);
      else show(res, url.pathname);
    });
    await new Promise((r) => m.server.listen(0, '127.0.0.1', r));
    m.port = m.server.address().port;
    m.base = `http://localhost:${m.port}`;
    m.samls = { soap: new SamlService(folder('soap'), `${m.base}/soap`, { slo: ['SOAP'] }), trip: new SamlService(folder('trip'), `${m.base}/trip`, { slo: ['HTTP-Redirect'] }) };
    m.there = { soap: '/soap/acs', trip: '/trip/acs', tool: '/tool/launch', back: '/back/cb', stuck: '/stuck/cb', framed: '/framed/cb' };
    m.rooms = m.makeRooms();
    return m;
  }

  // Before it starts: its services are these.
  at(g) {
    this.g = g;
    this.oidc = Object.fromEntries(['back', 'stuck', 'framed'].map((id) => [id, new Service(g, { id, secret, redirect: `${this.base}/${id}/cb`, alg: 'RS256', scope: 'openid' })]));
  }

  stop() { this.server.closeAllConnections(); this.server.close(); }

  get rows() {
    const { base, port } = this, jwk = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
    const row = (id, protocol, more) => `  - id: ${id}
    protocol: ${protocol}
    vendor: ${id}-oy
    name: { fi: "Palvelu ${id}" }
    test: true
    asks: [sub]
${more}`;
    const oidc = (id, more) => row(id, 'oidc', `    client_id: ${id}
    secret: { plain: ${secret} }
    redirect_uris: ["${base}/${id}/cb"]
    scopes: [openid]
    launch_uri: "${base}/${id}/start"
${more}`);
    return ['back', 'stuck'].map((id) => oidc(id, `    backchannel_logout_uri: "http://127.0.0.1:${port}/${id}/told"\n`)).join('')
      + oidc('framed', `    frontchannel_logout_uri: "${base}/framed/leave"\n`)
      + Object.entries(this.samls).map(([id, s]) => row(id, 'saml', `    entity_id: "${s.entity}"\n    metadata_xml: |\n      ${s.xml}\n`)).join('')
      + row('tool', 'lti', `    client_id: tool
    initiate_login_uri: "${base}/tool/login"
    target_link_uri: "${base}/tool/launch"
    redirect_uris: ["${base}/tool/launch"]
    jwks: '${JSON.stringify({ keys: [{ ...jwk, kid: 'k', alg: 'RS256', use: 'sig' }] })}'
`);
  }

  makeRooms() {
    const { base, samls, told } = this;
    const rooms = {
      '/back/told': async (req, res) => { check(new URLSearchParams(await body(req)).get('logout_token'), 'no logout token'); told.push('back'); res.end(); },
      '/stuck/told': (req, res) => {
        told.push('stuck');
        if (this.answers) { res.end(); this.stuckHeard++; return; }
        this.pending.add(res);
        res.on('close', () => this.pending.delete(res));
      },
      '/framed/leave': (req, res) => { told.push('framed'); show(res, 'left'); },
      '/tool/login': (req, res, { searchParams: q }) => go(res, `${this.g.url}/lti/authorize?${new URLSearchParams({ scope: 'openid', response_type: 'id_token', response_mode: 'form_post', prompt: 'none', client_id: 'tool', redirect_uri: `${base}/tool/launch`, login_hint: q.get('login_hint'), lti_message_hint: q.get('lti_message_hint'), state: 's', nonce: crypto.randomUUID() })}`),
      '/tool/launch': async (req, res) => show(res, new URLSearchParams(await body(req)).get('id_token') ? 'opened' : 'refused'),
      '/soap/slo': async (req, res) => {
        const xml = await body(req), to = `${base}/soap/slo`;
        told.push('soap');
        const answer = samls.soap.signed(samls.soap.loggedOut(to, { answers: /<samlp:LogoutRequest[^>]*\bID="([^"]+)"/.exec(xml)?.[1] }), 'LogoutResponse');
        res.writeHead(200, { 'Content-Type': 'text/xml' }).end(`<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>${answer}</S:Body></S:Envelope>`);
      },
      '/trip/slo': (req, res, url) => {
        if (url.searchParams.get('SAMLResponse')) { show(res, 'answered'); return; }
        told.push('trip');
        const xml = inflated(url.href, 'SAMLRequest'), to = `${this.g.url}/saml/slo`;
        go(res, `${to}?${samls.trip.query(samls.trip.loggedOut(to, { answers: /\bID="([^"]+)"/.exec(xml)[1] }), { relay: url.searchParams.get('RelayState'), sign: true, field: 'SAMLResponse' })}`);
      },
    };
    for (const id of ['back', 'stuck', 'framed']) rooms[`/${id}/start`] = (req, res) => go(res, this.oidc[id].authorizeUrl());
    for (const id of Object.keys(samls)) rooms[`/${id}/acs`] = async (req, res) => {
      const xml = Buffer.from(new URLSearchParams(await body(req)).get('SAMLResponse') ?? '', 'base64').toString();
      this.names[id] = { name: /<saml:NameID[^>]*>([^<]*)</.exec(xml)?.[1], sessions: [/SessionIndex="([^"]*)"/.exec(xml)?.[1]] };
      show(res, 'opened');
    };
    return rooms;
  }

  // From the launcher, each by its tile.
  async open(page, { ids = ALL, javaScriptEnabled = true } = {}) {
    for (const id of ids) {
      await page.goto(`${this.g.url}/`);
      const arrives = page.waitForURL((u) => u.pathname === this.there[id], { timeout: 20000 });
      await page.click(`a[href="/open/${id}"]`);
      if (!javaScriptEnabled && ['soap', 'trip', 'tool'].includes(id)) await page.click('main form button.big');
      await arrives.catch((e) => { throw new Error(`${id} does not open: ${e.message}; at ${page.url()}\n${this.g.logTail(4)}`); });
    }
    this.told.length = 0;
  }

  async leave(page) {
    await page.goto(`${this.g.url}/sign-out`);
    await page.click('main form button');
    await page.waitForURL((u) => u.pathname !== '/sign-out' || u.search !== '').catch(() => {});
    await page.waitForSelector('main li b', { state: 'attached', timeout: 20000 });
  }

  times(id) { return this.told.filter((t) => t === id).length; }

  async receipt(page, id) {
    const words = text(await page.locator('main li', { has: page.locator('b', { hasText: `Palvelu ${id}` }) }).textContent());
    return /Kirjattu ulos/.test(words) ? 'out' : /Sai pyynnön, mutta ei ole vahvistanut/.test(words) ? 'asked' : /ei tue uloskirjautumista täältä/.test(words) ? 'deaf' : words;
  }

  // All were open, and whoever signed out is shown the page: each that can hear has heard once, one hangs and holds up nobody, the
  // page says what is true, and the log has a line of each that said anything.
  async isTrue(page) {
    check(this.times('stuck') >= 1 && [...this.pending].every((res) => !res.writableEnded), `stuck: ${this.told}`);
    for (const [id, said] of Object.entries(TRUE)) check(await this.receipt(page, id) === said, `${id}: ${await this.receipt(page, id)}, not ${said}; ${this.told}`);
    this.heardOnce();
    const words = text(await page.textContent('main'));
    check(/Sulje kaikki selaimen ikkunat/.test(words), `it does not say what to close: ${words}`);
    const { sid } = this.g.audited('logout').at(-1), log = this.g.audited('farewell').filter((l) => l.sid === sid).map((l) => `${l.service} ${l.reason} ${l.why}`).sort().join();
    check(log === 'back heard person,soap heard person,stuck waits person,trip heard person', log);
  }
  heardOnce() { for (const id of ['back', 'framed', 'soap', 'trip']) check(this.times(id) === 1, `${id} heard ${this.times(id)} times: ${this.told}`); }

  // That one answers after all: a service that did not answer before is not waited for the next time.
  async release() {
    const before = this.stuckHeard;
    this.answers = true;
    for (const res of this.pending) { res.end(); this.stuckHeard++; }
    await until('stuck hears', () => this.stuckHeard > before);
    this.answers = false;
  }
}
