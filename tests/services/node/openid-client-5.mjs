// SPDX-License-Identifier: EUPL-1.2
import express from 'express';
import session from 'express-session';
import { Issuer, generators } from 'openid-client-5';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, BASE, PORT } = process.env;
const app = express();
app.use(session({ secret: 'of this service', resave: false, saveUninitialized: false }));

const issuer = await Issuer.discover(ISSUER);
const digione = new issuer.Client({
  client_id: CLIENT_ID,
  client_secret: CLIENT_SECRET,
  redirect_uris: [`${BASE}/callback`],
  response_types: ['code'],
});

app.get('/login', (req, res) => {
  const verifier = generators.codeVerifier(), state = generators.state(), nonce = generators.nonce();
  req.session.login = { code_verifier: verifier, state, nonce };
  res.redirect(digione.authorizationUrl({
    scope: 'openid profile edu.role', state, nonce,
    code_challenge: generators.codeChallenge(verifier), code_challenge_method: 'S256',
  }));
});
app.get('/callback', async (req, res) => {
  const tokens = await digione.callback(`${BASE}/callback`, digione.callbackParams(req), req.session.login);
  req.session.person = await digione.userinfo(tokens);
  req.session.idToken = tokens.id_token;
  res.redirect('/');
});
app.get('/logout', (req, res) => {
  const url = digione.endSessionUrl({ id_token_hint: req.session.idToken, post_logout_redirect_uri: `${BASE}/` });
  req.session.destroy(() => res.redirect(url));
});

app.get('/', (req, res) => res.json(req.session.person ?? null));
app.listen(PORT, '127.0.0.1', () => console.log('ready'));
