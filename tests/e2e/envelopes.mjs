// SPDX-License-Identifier: EUPL-1.2
// What a service is told as a token: signed in each algorithm, encrypted in each way that is announced, and read by a library
// of another make (npm jose).  Keys are changed while tokens of the old ones are about.
//   node envelopes.mjs PATH-OF-DIGIONE
import crypto from 'node:crypto';
import { compactDecrypt, createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify } from 'jose';
import { check, fetchLocal, finish, test, until } from './gateway.mjs';
import { federation, signIn } from './local.mjs';
import { Service } from './rp.mjs';

const secret = 'a-secret-of-the-test-that-nobody-else-has';
const signing = ['RS256', 'ES256', 'PS256', 'EdDSA'];
const managing = ['RSA-OAEP-256', 'RSA-OAEP', 'ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A256KW'];
const contents = ['A128CBC-HS256', 'A256CBC-HS512', 'A128GCM', 'A256GCM'];
const pairs = managing.flatMap((alg) => contents.map((enc) => ({ alg, enc })));

// Two keys to decrypt with, among keys that are for other things.
const rsa = await generateKeyPair('RSA-OAEP-256', { extractable: true }), ec = await generateKeyPair('ECDH-ES', { extractable: true, crv: 'P-256' });
const other = await generateKeyPair('RS256', { extractable: true });
const jwks = { keys: [{ ...(await exportJWK(other.publicKey)), kid: 'signs', use: 'sig' },
  { ...(await exportJWK(rsa.publicKey)), kid: 'rsa', use: 'enc' }, { ...(await exportJWK(ec.publicKey)), kid: 'ec', use: 'enc' }] };
const half = async (pair) => crypto.createPrivateKey({ key: await exportJWK(pair.privateKey), format: 'jwk' }); // of no one hash
const keyOf = ((r, e) => (alg) => (alg.startsWith('RSA') ? r : e))(await half(rsa), await half(ec));

const redirect = (id) => `http://${id}.localhost/cb`;
const row = (id, more) => `  - id: ${id}
    protocol: oidc
    vendor: ${id}-oy
    name: { fi: "Palvelu ${id}" }
    test: true
    client_id: ${id}
    secret: { plain: ${secret} }
    redirect_uris: ["${redirect(id)}"]
    scopes: [openid, profile]
    asks: [sub, given_name, family_name]
${more}`;
const keys = `    jwks: '${JSON.stringify(jwks)}'\n`;
const services = signing.map((alg, i) => row(`s${i}`, `    id_token_alg: ${alg}\n    userinfo_signed_response_alg: ${alg}\n`)).join('')
  + pairs.map(({ alg, enc }, i) => row(`e${i}`, `    id_token_alg: ES256\n${keys}    id_token_encrypted_response_alg: ${alg}\n    id_token_encrypted_response_enc: ${enc}
    userinfo_encrypted_response_alg: ${alg}\n    userinfo_encrypted_response_enc: ${enc}\n${i % 2 ? '    userinfo_signed_response_alg: PS256\n' : ''}`)).join('')
  + row('plain', `    id_token_alg: EdDSA\n${keys}    id_token_encrypted_response_alg: RSA-OAEP-256\n`);
const { g } = await federation(process.argv[2], { name: 'envelopes', services });
await g.start();

const known = (id) => new Service(g, { id, secret, redirect: redirect(id), scope: 'openid profile' });
const published = async () => JSON.parse((await fetchLocal(g.port, '/oidc/jwks')).text);
const discovery = JSON.parse((await fetchLocal(g.port, '/.well-known/openid-configuration')).text);
const { agent } = await signIn(known('s0'), 'anna');
const open = async (id, extra = {}) => {
  const s = known(id), { answer } = await s.begin(agent, { prompt: 'none', ...extra });
  check(answer?.get('code'), `${id}: ${answer}`);
  const res = await s.redeem(answer.get('code'));
  check(res.status === 200, `${id}: ${res.status} ${res.text}\n${g.logTail(3)}`);
  const tokens = JSON.parse(res.text);
  return { s, tokens, told: await fetchLocal(g.port, '/oidc/userinfo', { headers: { Authorization: `Bearer ${tokens.access_token}` } }) };
};
const verified = async (token, id, options = {}) => jwtVerify(token, createLocalJWKSet(await published()), { issuer: g.url, audience: id, ...options });
const text = (bytes) => new TextDecoder().decode(bytes);
const opened = async (token, alg, enc) => {
  const { plaintext, protectedHeader } = await compactDecrypt(token, keyOf(alg));
  check(protectedHeader.alg === alg && protectedHeader.enc === enc, `${protectedHeader.alg} ${protectedHeader.enc}`);
  check(protectedHeader.kid === (alg.startsWith('RSA') ? 'rsa' : 'ec'), `kid ${protectedHeader.kid}`);
  return { plain: text(plaintext), head: protectedHeader };
};

await test('ID tokens are signed in each algorithm that is announced, and at_hash is of its hash', async () => {
  check(JSON.stringify([...discovery.id_token_signing_alg_values_supported].sort()) === JSON.stringify([...signing].sort()), `${discovery.id_token_signing_alg_values_supported}`);
  for (const [i, alg] of signing.entries()) {
    const { s, tokens } = await open(`s${i}`);
    const { payload, protectedHeader } = await verified(tokens.id_token, `s${i}`);
    check(protectedHeader.alg === alg && payload.nonce === s.nonce, `${alg}: ${JSON.stringify(protectedHeader)}`);
    const hash = crypto.createHash(alg === 'EdDSA' ? 'sha512' : 'sha256').update(tokens.access_token).digest();
    check(payload.at_hash === hash.subarray(0, hash.length / 2).toString('base64url'), `${alg}: at_hash`);
  }
});

await test('userinfo is a JWT where the row says so: iss, aud, no nonce, and what JSON would say', async () => {
  for (const [i, alg] of signing.entries()) {
    const { tokens, told } = await open(`s${i}`);
    check(told.status === 200 && told.headers['content-type'] === 'application/jwt', `${alg}: ${told.status} ${told.headers['content-type']} ${told.text}`);
    const { payload, protectedHeader } = await verified(told.text, `s${i}`);
    check(protectedHeader.alg === alg && payload.given_name === 'Anna' && payload.nonce === undefined, `${alg}: ${JSON.stringify(payload)}`);
    check(payload.sub === (await verified(tokens.id_token, `s${i}`)).payload.sub, 'sub');
  }
});

await test('what is encrypted is opened by its reader alone, in each way that is announced', async () => {
  for (const member of ['id_token', 'userinfo']) {
    check(managing.every((a) => discovery[`${member}_encryption_alg_values_supported`].includes(a)) && discovery[`${member}_encryption_alg_values_supported`].length === managing.length, `${member} alg`);
    check(contents.every((e) => discovery[`${member}_encryption_enc_values_supported`].includes(e)) && discovery[`${member}_encryption_enc_values_supported`].length === contents.length, `${member} enc`);
  }
  const seen = new Set();
  for (const [i, { alg, enc }] of pairs.entries()) {
    const id = `e${i}`, { tokens, told } = await open(id);
    const token = await opened(tokens.id_token, alg, enc);
    check(token.head.cty === 'JWT', `${alg} ${enc}: cty ${token.head.cty}`);
    check((await verified(token.plain, id)).payload.sub, 'sub');
    check(told.headers['content-type'] === 'application/jwt', `userinfo: ${told.headers['content-type']}`);
    const info = await opened(told.text, alg, enc);
    const claims = i % 2 ? (await verified(info.plain, id)).payload : JSON.parse(info.plain);
    check((i % 2 === 1) === (info.head.cty === 'JWT'), `cty ${info.head.cty}`);
    check(claims.given_name === 'Anna', JSON.stringify(claims));
    for (const t of [tokens.id_token, told.text]) { // a key and an initialization vector are used once
      const [, key, iv] = t.split('.');
      check(!seen.has(iv) && !seen.has(key || iv), 'used twice');
      seen.add(iv).add(key || iv);
    }
    const wrong = await generateKeyPair(alg, { crv: 'P-256' });
    const without = await compactDecrypt(tokens.id_token, wrong.privateKey).then(() => true, () => false);
    check(!without, `${alg} ${enc}: opened by another key`);
  }
});

await test('an alg without an enc means A128CBC-HS256', async () => { // [OIDC Registration 2]
  const { tokens } = await open('plain');
  check((await verified((await opened(tokens.id_token, 'RSA-OAEP-256', 'A128CBC-HS256')).plain, 'plain')).protectedHeader.alg === 'EdDSA', 'alg');
});

await test('a key is published before it signs, and what the old one signed holds, also as a hint', async () => {
  for (const [i, alg] of signing.entries()) {
    const before = (await open(`s${i}`)).tokens.id_token, { kid } = (await verified(before, `s${i}`)).protectedHeader;
    const made = g.cli('keys', 'create', '-c', g.config, '--use', 'oidc', '--alg', alg, '--after', '3600');
    check(made.status === 0, made.stdout + made.stderr);
    await until(`${alg}: the next key is published`, async () => (await published()).keys.filter((k) => k.alg === alg).length === 2);
    check((await verified((await open(`s${i}`)).tokens.id_token, `s${i}`)).protectedHeader.kid === kid, `${alg}: it signs already`);
    const now = g.cli('keys', 'create', '-c', g.config, '--use', 'oidc', '--alg', alg, '--after', '0');
    check(now.status === 0, now.stdout + now.stderr);
    await until(`${alg}: another key signs`, async () => (await verified((await open(`s${i}`)).tokens.id_token, `s${i}`)).protectedHeader.kid !== kid);
    check((await published()).keys.some((k) => k.kid === kid), `${alg}: the old key is not published any more`);
    check((await verified(before, `s${i}`)).payload.sub, 'the old token');
    await open(`s${i}`, { id_token_hint: before });
  }
});

await finish();
