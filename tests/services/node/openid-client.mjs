// SPDX-License-Identifier: EUPL-1.2
import express from 'express';
import session from 'express-session';
import * as client from 'openid-client';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, BASE, PORT } = process.env;
const app = express();
app.use(session({ secret: 'of this service', resave: false, saveUninitialized: false }));

const digione = await client.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET);

app.get('/login', async (req, res) => {
  const verifier = client.randomPKCECodeVerifier(), nonce = client.randomNonce(), state = client.randomState();
  req.session.login = { pkceCodeVerifier: verifier, expectedNonce: nonce, expectedState: state };
  res.redirect(client.buildAuthorizationUrl(digione, {
    redirect_uri: `${BASE}/callback`, scope: 'openid profile edu.role', state, nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
  }).href);
});
app.get('/callback', async (req, res) => {
  const tokens = await client.authorizationCodeGrant(digione, new URL(BASE + req.url), req.session.login);
  req.session.person = await client.fetchUserInfo(digione, tokens.access_token, tokens.claims().sub);
  req.session.idToken = tokens.id_token;
  res.redirect('/');
});
app.get('/logout', (req, res) => {
  const url = client.buildEndSessionUrl(digione, { id_token_hint: req.session.idToken, post_logout_redirect_uri: `${BASE}/` });
  req.session.destroy(() => res.redirect(url.href));
});

app.get('/', (req, res) => res.json(req.session.person ?? null));
app.listen(PORT, '127.0.0.1', () => console.log('ready'));
