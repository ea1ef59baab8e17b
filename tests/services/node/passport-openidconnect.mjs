// SPDX-License-Identifier: EUPL-1.2
import express from 'express';
import session from 'express-session';
import passport from 'passport';
import OpenIDConnectStrategy from 'passport-openidconnect';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, BASE, PORT } = process.env;
const app = express();
app.use(session({ secret: 'of this service', resave: false, saveUninitialized: false }));
app.use(passport.session());
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));

passport.use(new OpenIDConnectStrategy({
  issuer: ISSUER,
  authorizationURL: `${ISSUER}/oidc/authorize`,
  tokenURL: `${ISSUER}/oidc/token`,
  userInfoURL: `${ISSUER}/oidc/userinfo`,
  clientID: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
  callbackURL: `${BASE}/callback`,
  scope: ['profile', 'edu.role'],
  nonce: true,
}, (issuer, uiProfile, idProfile, context, idToken, accessToken, refreshToken, params, done) =>
  done(null, { ...uiProfile._json, idToken })));

app.get('/login', passport.authenticate('openidconnect'));
app.get('/callback', passport.authenticate('openidconnect', { successRedirect: '/', failureRedirect: '/?failed' }));
app.get('/logout', (req, res, next) => {
  const q = new URLSearchParams({ id_token_hint: req.user.idToken, post_logout_redirect_uri: `${BASE}/` });
  req.logout((e) => e ? next(e) : res.redirect(`${ISSUER}/oidc/end_session?${q}`));
});

app.get('/', (req, res) => res.json(req.user ?? null));
app.listen(PORT, '127.0.0.1', () => console.log('ready'));
