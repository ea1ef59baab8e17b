// SPDX-License-Identifier: EUPL-1.2
// An app on the person's own machine: prints the address that it would open in the browser.
import http from 'node:http';
import * as client from 'openid-client';

const { ISSUER, CLIENT_ID } = process.env;
const openInBrowser = (url) => console.log(url);

const digione = await client.discovery(new URL(ISSUER), CLIENT_ID, undefined, client.None());
const verifier = client.randomPKCECodeVerifier(), state = client.randomState();

const server = http.createServer(async (req, res) => {
  const tokens = await client.authorizationCodeGrant(digione, new URL(redirect_uri + req.url.slice('/'.length)), { pkceCodeVerifier: verifier, expectedState: state });
  const person = await client.fetchUserInfo(digione, tokens.access_token, tokens.claims().sub);
  res.end(JSON.stringify(person));
  server.close();
});
server.listen(0, '127.0.0.1');
await new Promise((listening) => server.on('listening', listening));
const redirect_uri = `http://127.0.0.1:${server.address().port}/`;
openInBrowser(client.buildAuthorizationUrl(digione, {
  redirect_uri, scope: 'openid profile edu.role', state,
  code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
}).href);
console.log('ready');
