// SPDX-License-Identifier: EUPL-1.2
// Identity providers that do as they are told: an OpenID Provider per issuer, and a SAML one that signs what it is given.
import crypto from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import zlib from 'node:zlib';

const b64 = (o) => Buffer.from(typeof o === 'string' || Buffer.isBuffer(o) ? o : JSON.stringify(o)).toString('base64url');
const sha256 = (s) => crypto.createHash('sha256').update(s).digest();
export const ecKey = (kid) => {
  const k = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...k, jwk: { ...k.publicKey.export({ format: 'jwk' }), ...(kid ? { kid } : {}), alg: 'ES256', use: 'sig' }, kid };
};
export const jwt = (claims, key, header = {}) => {
  const input = `${b64({ alg: 'ES256', ...(key.kid ? { kid: key.kid } : {}), ...header })}.${b64(claims)}`;
  return `${input}.${b64(crypto.sign('sha256', Buffer.from(input), { key: key.privateKey, dsaEncoding: 'ieee-p1363' }))}`;
};

// modes: { id: { disc, claims, info, userinfo: [status, body, type], answer, key, token, no_auth_time, login, page } }; the issuer of
// login: { user: password }, asked for on a page with a form, which page(form) may write otherwise.
// each is `${base}/${id}`.  What was asked for stands in `asked[id]`, a list of { what, query, form }.
export class OidcCity {
  // tls: { key, cert } in PEM, of that host; without, http.
  constructor(port, modes, { host = 'odd.localhost', secret, tls }) {
    Object.assign(this, { modes, secret, base: `http${tls ? 's' : ''}://${host}:${port}`, codes: new Map(), asked: {} });
    for (const m of Object.values(modes)) m.key ??= ecKey(m.kid);
    this.server = (tls ? https : http).createServer({ maxHeaderSize: 131072, ...tls }, (req, res) => this.serve(req, res)).listen(port, '127.0.0.1');
  }

  close() { this.server.close(); this.server.closeAllConnections(); }

  async serve(req, res) {
    const url = new URL(req.url, this.base), [, id, ...rest] = url.pathname.split('/'), what = rest.at(-1), m = this.modes[id], issuer = `${this.base}/${id}`;
    const parts = [];
    for await (const d of req) parts.push(d);
    const form = new URLSearchParams(Buffer.concat(parts).toString());
    const send = (body, status = 200, type = 'application/json') => res.writeHead(status, { 'Content-Type': type }).end(typeof body === 'string' ? body : JSON.stringify(body));
    if (!m) return send('no', 404, 'text/plain');
    (this.asked[id] ??= []).push({ what, query: Object.fromEntries(url.searchParams), form });
    if (what === 'openid-configuration')
      return send({ issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, userinfo_endpoint: `${issuer}/userinfo`, jwks_uri: `${issuer}/jwks`,
        response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256', 'ES256'], ...m.disc });
    if (what === 'jwks') return send({ keys: [m.key.jwk] });
    if (what === 'login' || (what === 'authorize' && m.login)) {
      const user = form.get('user'), right = user !== null && m.login[user] !== undefined && m.login[user] === form.get('password') && /sign-in=1/.test(req.headers.cookie ?? '');
      if (!right) {
        const page = `<!DOCTYPE html><title>Kirjaudu</title><form method="post" action="login?${url.searchParams.toString().replaceAll('&', '&amp;')}"><label>Tunnus <input name="user"></label><input type="password" name="password"><input type="hidden" name="csrf" value="&quot;1&quot;"><button>Kirjaudu</button></form>`;
        return res.writeHead(user === null ? 200 : 401, { 'Content-Type': 'text/html', 'Set-Cookie': 'sign-in=1; Path=/; HttpOnly' }).end(m.page ? m.page(page) : page);
      }
      if (form.get('csrf') !== '"1"') return send('no', 403, 'text/plain');
      if (m.then) return send(m.then, 200, 'text/html');
      m.claims = { ...m.claims, ...m.people?.[user] };
    }
    if (what === 'authorize' || what === 'login') {
      const code = b64(crypto.randomBytes(16)), to = new URL(url.searchParams.get('redirect_uri'));
      this.codes.set(code, Object.fromEntries(url.searchParams));
      for (const [k, v] of Object.entries({ code, state: url.searchParams.get('state'), ...m.answer })) if (v !== null) to.searchParams.set(k, v);
      return res.writeHead(303, { Location: to.href }).end();
    }
    if (what === 'token') {
      const q = this.codes.get(form.get('code'));
      this.codes.delete(form.get('code'));
      if (req.headers.authorization !== 'Basic ' + Buffer.from(`digione:${this.secret}`).toString('base64')) return send({ error: 'invalid_client' }, 401);
      if (!q || b64(sha256(form.get('code_verifier') ?? '')) !== q.code_challenge) return send({ error: 'invalid_grant' }, 400);
      const now = Math.floor(Date.now() / 1000);
      const claims = { iss: issuer, sub: 'u1', aud: 'digione', iat: now, exp: now + 300, ...(m.no_auth_time ? {} : { auth_time: now }), nonce: q.nonce, given_name: 'Tiina', family_name: 'Testi', ...m.claims };
      return send({ access_token: 'at', token_type: 'Bearer', expires_in: 300, id_token: jwt(claims, m.key), ...m.token });
    }
    if (what === 'userinfo') return m.userinfo ? send(m.userinfo[1], m.userinfo[0], m.userinfo[2]) : send({ sub: m.claims?.sub ?? 'u1', ...m.info });
    return send('no', 404, 'text/plain');
  }
}

// ── SAML: what is written is canonical already, so that its digest needs no library [Exclusive XML Canonicalization] ──
const esc = (s) => String(s).replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
const NS = 'urn:oasis:names:tc:SAML:2.0:', DS = 'http://www.w3.org/2000/09/xmldsig#', C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const id = () => '_' + crypto.randomBytes(16).toString('hex');
const time = (ms) => new Date(ms).toISOString().replace(/\.\d+Z/, 'Z');

export class SamlCity {
  constructor(entity) {
    this.entity = entity;
    this.key = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
  }

  // bindings: of its single sign-on service.
  // slo: of its single logout service, { Binding: Location }.
  metadata(sso, certificate, bindings = ['HTTP-Redirect'], slo = {}, use = ' use="signing"') {
    return `<EntityDescriptor xmlns="${NS}metadata" entityID="${this.entity}"><IDPSSODescriptor protocolSupportEnumeration="${NS}protocol"><KeyDescriptor${use}><KeyInfo xmlns="${DS}"><X509Data><X509Certificate>${certificate}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>${Object.entries(slo).map(([b, at]) => `<SingleLogoutService Binding="${NS}bindings:${b}" Location="${at}"/>`).join('')}${bindings.map((b) => `<SingleSignOnService Binding="${NS}bindings:${b}" Location="${sso}"/>`).join('')}</IDPSSODescriptor></EntityDescriptor>`;
  }

  // audience: the element's text, with SP for ours, when it is to be written otherwise.  The form that a browser posts.
  answer({ request, acs, sp, attrs = {}, audience = '<saml:Audience>SP</saml:Audience>', nameid = 'u1', session_s, session }) {
    const now = Date.now(), aid = id();
    const values = Object.entries(attrs).map(([n, vs]) => `<saml:Attribute Name="${esc(n)}">${vs.map((v) => `<saml:AttributeValue>${esc(v)}</saml:AttributeValue>`).join('')}</saml:Attribute>`).join('');
    const [open, rest] = [`<saml:Assertion xmlns:saml="${NS}assertion" ID="${aid}" IssueInstant="${time(now)}" Version="2.0"><saml:Issuer>${esc(this.entity)}</saml:Issuer>`,
      `<saml:Subject><saml:NameID Format="${NS}nameid-format:persistent">${esc(nameid)}</saml:NameID><saml:SubjectConfirmation Method="${NS}cm:bearer"><saml:SubjectConfirmationData InResponseTo="${esc(request)}" NotOnOrAfter="${time(now + 300000)}" Recipient="${esc(acs)}"></saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject>`
      + `<saml:Conditions NotBefore="${time(now - 60000)}" NotOnOrAfter="${time(now + 300000)}"><saml:AudienceRestriction>${audience.replace('SP', esc(sp))}</saml:AudienceRestriction></saml:Conditions>`
      + `<saml:AuthnStatement AuthnInstant="${time(now)}"${session ? ` SessionIndex="${session}"` : ''}${session_s ? ` SessionNotOnOrAfter="${time(now + session_s * 1000)}"` : ''}><saml:AuthnContext><saml:AuthnContextClassRef>${NS}ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`
      + `${values ? `<saml:AttributeStatement>${values}</saml:AttributeStatement>` : ''}</saml:Assertion>`];
    const info = `<ds:SignedInfo xmlns:ds="${DS}"><ds:CanonicalizationMethod Algorithm="${C14N}"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></ds:SignatureMethod><ds:Reference URI="#${aid}"><ds:Transforms><ds:Transform Algorithm="${DS}enveloped-signature"></ds:Transform><ds:Transform Algorithm="${C14N}"></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod><ds:DigestValue>${sha256(open + rest).toString('base64')}</ds:DigestValue></ds:Reference></ds:SignedInfo>`;
    const signature = `<ds:Signature xmlns:ds="${DS}">${info.replace(` xmlns:ds="${DS}"`, '')}<ds:SignatureValue>${crypto.sign('sha256', Buffer.from(info), this.key.privateKey).toString('base64')}</ds:SignatureValue></ds:Signature>`;
    const xml = `<samlp:Response xmlns:samlp="${NS}protocol" ID="${id()}" Version="2.0" IssueInstant="${time(now)}" Destination="${esc(acs)}" InResponseTo="${esc(request)}"><saml:Issuer xmlns:saml="${NS}assertion">${esc(this.entity)}</saml:Issuer><samlp:Status><samlp:StatusCode Value="${NS}status:Success"/></samlp:Status>${open}${signature}${rest}</samlp:Response>`;
    return Buffer.from(xml).toString('base64');
  }

  logoutRequest({ to, nameid = 'u1', session, issuer = this.entity, at = Date.now(), ends = Date.now() + 300000, name = id() }) {
    return `<samlp:LogoutRequest xmlns:samlp="${NS}protocol" xmlns:saml="${NS}assertion" ID="${name}" Version="2.0" IssueInstant="${time(at)}" Destination="${esc(to)}" NotOnOrAfter="${time(ends)}"><saml:Issuer>${esc(issuer)}</saml:Issuer><saml:NameID Format="${NS}nameid-format:persistent">${esc(nameid)}</saml:NameID>${session ? `<samlp:SessionIndex>${esc(session)}</samlp:SessionIndex>` : ''}</samlp:LogoutRequest>`;
  }

  logoutResponse({ to, request, status = 'Success', inner }) {
    return `<samlp:LogoutResponse xmlns:samlp="${NS}protocol" xmlns:saml="${NS}assertion" ID="${id()}" Version="2.0" IssueInstant="${time(Date.now())}" Destination="${esc(to)}" InResponseTo="${esc(request)}"><saml:Issuer>${esc(this.entity)}</saml:Issuer><samlp:Status><samlp:StatusCode Value="${NS}status:${status}">${inner ? `<samlp:StatusCode Value="${NS}status:${inner}"/>` : ''}</samlp:StatusCode></samlp:Status></samlp:LogoutResponse>`;
  }

  // The query of the Redirect binding.
  redirect(xml, { field = 'SAMLRequest', relay, key = this.key.privateKey } = {}) {
    const e = encodeURIComponent, alg = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
    const text = `${field}=${e(zlib.deflateRawSync(Buffer.from(xml)).toString('base64'))}${relay ? `&RelayState=${e(relay)}` : ''}&SigAlg=${e(alg)}`;
    return key ? `${text}&Signature=${e(crypto.sign('sha256', Buffer.from(text), key).toString('base64'))}` : text.replace(/&SigAlg=.*/, '');
  }

  // The same message with an enveloped signature, for POST and SOAP: canonical as it is written, but for prefixes that it does not use.
  signed(xml) {
    const name = /ID="([^"]+)"/.exec(xml)[1], canonical = canonicalLogout(xml);
    const info = `<ds:SignedInfo xmlns:ds="${DS}"><ds:CanonicalizationMethod Algorithm="${C14N}"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></ds:SignatureMethod><ds:Reference URI="#${name}"><ds:Transforms><ds:Transform Algorithm="${DS}enveloped-signature"></ds:Transform><ds:Transform Algorithm="${C14N}"></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod><ds:DigestValue>${sha256(canonical).toString('base64')}</ds:DigestValue></ds:Reference></ds:SignedInfo>`;
    const signature = `<ds:Signature xmlns:ds="${DS}">${info.replace(` xmlns:ds="${DS}"`, '')}<ds:SignatureValue>${crypto.sign('sha256', Buffer.from(info), this.key.privateKey).toString('base64')}</ds:SignatureValue></ds:Signature>`;
    return canonical.replace('</saml:Issuer>', `</saml:Issuer>${signature}`);
  }
}

// Namespaces where they are first used, attributes in their order [Exclusive XML Canonicalization].
const canonicalLogout = (xml) => xml.replace(` xmlns:saml="${NS}assertion"`, '')
  .replace(/<samlp:Logout(\w+) xmlns:samlp="([^"]+)" ([^>]*)>/, (m, kind, ns, rest) => {
    const all = [...rest.matchAll(/([\w]+)="([^"]*)"/g)].sort((a, b) => (a[1] < b[1] ? -1 : 1)).map((a) => `${a[1]}="${a[2]}"`).join(' ');
    return `<samlp:Logout${kind} xmlns:samlp="${ns}" ${all}>`;
  })
  .replace('<saml:Issuer>', `<saml:Issuer xmlns:saml="${NS}assertion">`).replace('<saml:NameID Format', `<saml:NameID xmlns:saml="${NS}assertion" Format`)
  .replace(/<(samlp:StatusCode [^>]*)\/>/g, '<$1></samlp:StatusCode>');
