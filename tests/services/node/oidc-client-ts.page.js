const manager = new oidc.UserManager({
  authority: ISSUER,
  client_id: CLIENT_ID,
  redirect_uri: location.origin + '/callback',
  post_logout_redirect_uri: location.origin + '/',
  scope: 'openid profile edu.role',
  loadUserInfo: true,
});
const show = (user) => { document.getElementById('person').textContent = JSON.stringify(user ? user.profile : null); };

if (location.pathname === '/login') manager.signinRedirect();
else if (location.pathname === '/callback') manager.signinCallback().then(() => location.replace('/'));
else if (location.pathname === '/logout') manager.signoutRedirect();
else manager.getUser().then(show);
