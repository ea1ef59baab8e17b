// SPDX-License-Identifier: EUPL-1.2
import express from 'express';
import session from 'express-session';
import * as oauth from 'oauth4webapi';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, BASE, PORT } = process.env;
const app = express();
app.use(session({ secret: 'of this service', resave: false, saveUninitialized: false }));

const issuer = new URL(ISSUER);
const digione = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer));
const client = { client_id: CLIENT_ID };
const proof = oauth.ClientSecretPost(CLIENT_SECRET);

app.get('/login', async (req, res) => {
  const verifier = oauth.generateRandomCodeVerifier(), state = oauth.generateRandomState(), nonce = oauth.generateRandomNonce();
  req.session.login = { verifier, state, nonce };
  const url = new URL(digione.authorization_endpoint);
  url.search = new URLSearchParams({
    client_id: CLIENT_ID, redirect_uri: `${BASE}/callback`, response_type: 'code', scope: 'openid profile edu.role', state, nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
  });
  res.redirect(url.href);
});
app.get('/callback', async (req, res) => {
  const { verifier, state, nonce } = req.session.login;
  const answer = oauth.validateAuthResponse(digione, client, new URL(BASE + req.url), state);
  const tokens = await oauth.processAuthorizationCodeResponse(digione, client,
    await oauth.authorizationCodeGrantRequest(digione, client, proof, answer, `${BASE}/callback`, verifier), { expectedNonce: nonce });
  const { sub } = oauth.getValidatedIdTokenClaims(tokens);
  req.session.person = await oauth.processUserInfoResponse(digione, client, sub, await oauth.userInfoRequest(digione, client, tokens.access_token));
  req.session.idToken = tokens.id_token;
  res.redirect('/');
});
app.get('/logout', (req, res) => {
  const url = new URL(digione.end_session_endpoint);
  url.search = new URLSearchParams({ id_token_hint: req.session.idToken, post_logout_redirect_uri: `${BASE}/` });
  req.session.destroy(() => res.redirect(url.href));
});

app.get('/', (req, res) => res.json(req.session.person ?? null));
app.listen(PORT, '127.0.0.1', () => console.log('ready'));
