// SPDX-License-Identifier: EUPL-1.2
import express from 'express';
import { Auth, skipCSRFCheck } from '@auth/core';
import { ExpressAuth, getSession } from '@auth/express';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, BASE, PORT } = process.env;
const app = express();

const config = {
  secret: 'of this service, for its own cookie',
  trustHost: true,
  providers: [{
    id: 'digione', name: 'DigiOne', type: 'oidc',
    issuer: ISSUER, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET,
    authorization: { params: { scope: 'openid profile edu.role' } },
    idToken: false,
    profile: (told) => ({ id: told.sub, name: told.name, roles: told.edu_roles }),
  }],
  callbacks: {
    jwt: ({ token, user, account }) => account ? { ...token, roles: user.roles, idToken: account.id_token } : token,
    session: ({ session, token }) => ({ ...session, user: { ...session.user, roles: token.roles }, idToken: token.idToken }),
  },
};
app.use(/^\/auth\/(.*)/, ExpressAuth(config));

// What its pages do at the press of a button, for addresses that lead straight in and out.
async function act(req, res, action) {
  const headers = { cookie: req.headers.cookie ?? '' }, body = new URLSearchParams({ callbackUrl: `${BASE}/` });
  const done = await Auth(new Request(`${BASE}/auth/${action}`, { method: 'POST', headers, body }), { ...config, basePath: '/auth', skipCSRFCheck });
  res.append('Set-Cookie', done.headers.getSetCookie());
  return done.headers.get('Location');
}
app.get('/login', async (req, res) => res.redirect(await act(req, res, 'signin/digione')));
app.get('/logout', async (req, res) => {
  const { idToken } = await getSession(req, config);
  await act(req, res, 'signout');
  res.redirect(`${ISSUER}/oidc/end_session?${new URLSearchParams({ id_token_hint: idToken, post_logout_redirect_uri: `${BASE}/` })}`);
});

app.get('/', async (req, res) => res.json((await getSession(req, config))?.user ?? null));
app.listen(PORT, '127.0.0.1', () => console.log('ready'));
