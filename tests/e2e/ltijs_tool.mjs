// SPDX-License-Identifier: EUPL-1.2
// npm ltijs as a tool, as its guide writes it; its database is memory (database.plugin), so that nothing else is needed.
//   PORT=… PLATFORM=… CLIENT=… node ltijs_tool.mjs        says "ready"; CLIENT absent: it registers itself at /register
import crypto from 'node:crypto';
import { createRequire } from 'node:module';
const { Provider: lti } = createRequire(import.meta.url)('ltijs');

// What ltijs asks of a database, in memory.
class Memory {
  rows = new Map();
  of(c) { if (!this.rows.has(c)) this.rows.set(c, []); return this.rows.get(c); }
  fits(row, query = {}) { return Object.entries(query).every(([k, v]) => row[k] === v); }
  key(secret) { return crypto.createHash('sha256').update(secret).digest(); }
  async setup() { return true; }
  async Close() { return true; }
  async Encrypt(data, secret) { const iv = crypto.randomBytes(16), c = crypto.createCipheriv('aes-256-cbc', this.key(secret), iv); return { iv: iv.toString('hex'), data: Buffer.concat([c.update(data), c.final()]).toString('hex') }; }
  async Decrypt(data, iv, secret) { const d = crypto.createDecipheriv('aes-256-cbc', this.key(secret), Buffer.from(iv, 'hex')); return Buffer.concat([d.update(Buffer.from(data, 'hex')), d.final()]).toString(); }
  async Get(secret, c, query) {
    const found = this.of(c).filter((r) => this.fits(r, query));
    if (found.length === 0) return false;
    return secret ? Promise.all(found.map(async (r) => ({ ...JSON.parse(await this.Decrypt(r.data, r.iv, secret)), createdAt: r.createdAt }))) : found.map((r) => structuredClone(r));
  }
  async row(secret, item, index) { return { createdAt: Date.now(), ...(secret ? { ...index, ...(await this.Encrypt(JSON.stringify(item), secret)) } : structuredClone(item)) }; }
  async Insert(secret, c, item, index) { this.of(c).push(await this.row(secret, item, index)); return true; }
  async Replace(secret, c, query, item, index) { this.rows.set(c, this.of(c).filter((r) => !this.fits(r, query))); return this.Insert(secret, c, item, index); }
  async Modify(secret, c, query, change) {
    for (const r of this.of(c).filter((x) => this.fits(x, query)))
      Object.assign(r, secret ? await this.Encrypt(JSON.stringify({ ...JSON.parse(await this.Decrypt(r.data, r.iv, secret)), ...change }), secret) : change);
    return true;
  }
  async Delete(c, query) { this.rows.set(c, this.of(c).filter((r) => !this.fits(r, query))); return true; }
}

const { PORT, PLATFORM, CLIENT, HOST = 'ltijs.localhost' } = process.env, own = `http://${HOST}:${PORT}`;
lti.setup('a-key-of-the-test-that-nobody-else-has', { plugin: new Memory() }, {
  appUrl: '/', loginUrl: '/login', keysetUrl: '/keys', dynRegRoute: '/register', dynReg: { url: own, name: 'Ltijs', redirectUris: [`${own}/launch`], customParameters: { who: '$User.id' }, autoActivate: true },
  cookies: { secure: false, sameSite: '' },
});
lti.onConnect(async (token, req, res) => res.json({ token, context: res.locals.context, ltik: res.locals.ltik }));
lti.onDeepLinking(async (token, req, res) => res.send(await lti.DeepLinking.createDeepLinkingForm(token, [{ type: 'ltiResourceLink', title: 'Tehtävä 4', url: `${own}/?item=4`, custom: { item: '4' } }], { message: 'ok' })));
await lti.deploy({ port: Number(PORT), silent: true });
lti.app.get('/members', async (req, res) => { try { res.json(await lti.NamesAndRoles.getMembers(res.locals.token, { role: req.query.role, pages: 2 })); } catch (e) { res.status(500).send(String(e.stack ?? e)); } });
if (CLIENT)
  await lti.registerPlatform({ url: PLATFORM, name: 'DigiOne', clientId: CLIENT, authenticationEndpoint: `${PLATFORM}/lti/authorize`, accesstokenEndpoint: `${PLATFORM}/lti/token`, authConfig: { method: 'JWK_SET', key: `${PLATFORM}/oidc/jwks` } });
console.log('ready');
