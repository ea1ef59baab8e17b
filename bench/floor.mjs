// SPDX-License-Identifier: EUPL-1.2
// The cryptographic floor of an operation: its operations with a private or a public key alone, by the same OpenSSL family, measured
// between the rounds of what is compared with it.  Hashes, seals and MACs, which are a microsecond or less, are not counted.
import crypto from 'node:crypto';

const rsa = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }), ec = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
const text = Buffer.alloc(512, 'a'), oaep = { key: rsa.privateKey, padding: crypto.constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' };
const signed = { rsa: crypto.sign('sha256', text, rsa.privateKey), ec: crypto.sign('sha256', text, ec.privateKey) };
const wrapped = crypto.publicEncrypt({ ...oaep, key: rsa.publicKey }, Buffer.alloc(16));
const kinds = {
  RS: () => crypto.sign('sha256', text, rsa.privateKey), ES: () => crypto.sign('sha256', text, ec.privateKey),
  rs: () => crypto.verify('sha256', text, rsa.publicKey, signed.rsa), es: () => crypto.verify('sha256', text, ec.publicKey, signed.ec),
  unwrap: () => crypto.privateDecrypt(oaep, wrapped),
};

// What each operation of bench/stage.mjs cannot do without.  A city's certificate costs nothing: its key is taken as it is.
const OF = {
  'authorize, code, token: ES256': { ES: 1 }, 'authorize, code, token: RS256': { RS: 1 }, 'pushed request, code, token': { ES: 1 },
  'authorize by form_post, code, token': { ES: 1 }, 'device: a screen signed in': { ES: 1 }, 'private_key_jwt': { es: 1 }, 'DPoP': { es: 1 },
  'LTI launch, both halves: RS256': { RS: 1 }, 'SAML out: the response signed': { RS: 1 }, 'SAML out: both signed': { RS: 2 },
  'SAML out: both signed by ECDSA': { ES: 2 }, 'SAML out, nobody asked: both signed': { RS: 2 }, 'SAML signed in, OIDC out': { rs: 1, ES: 1 },
  'the same, our request RSA-signed': { RS: 1, rs: 1, ES: 1 }, 'the same, choosing the city': { rs: 1, ES: 1 }, 'SAML encrypted in, OIDC out': { rs: 1, unwrap: 1, ES: 1 },
  'SAML in, 20 services opened': { rs: 1 }, 'the same, and signed out: 20 hear': { rs: 1, ES: 20 }, 'OIDC in, OIDC out': { es: 1, ES: 1 }, 'OIDC in, choosing the city': { es: 1, ES: 1 },
};
const BURST_US = 20000;

function burst(once) {
  const began = process.cpuUsage();
  let n = 0, us = 0;
  while (us < BURST_US) {
    for (let i = 0; i < 8; i++, n++) once();
    const spent = process.cpuUsage(began);
    us = spent.user + spent.system;
  }
  return us / n;
}

// µs of what this operation must spend, now; null: nothing that counts.
export const floor = (name) => OF[name] ? Object.entries(OF[name]).reduce((sum, [kind, n]) => sum + n * burst(kinds[kind]), 0) : null;
