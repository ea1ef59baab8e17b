// Shows the password while somebody wants to see it, and takes the user name along to another language.
var form = document.getElementById('local'), show = document.getElementById('show'), pass = form.elements.password;
show.hidden = false;
show.addEventListener('click', function () {
  var seen = pass.type === 'text';
  pass.type = seen ? 'password' : 'text';
  show.setAttribute('aria-pressed', String(!seen));
});
form.addEventListener('submit', function () { pass.type = 'password' });
document.querySelectorAll('.langs a').forEach(function (a) {
  a.addEventListener('click', function (e) {
    var to = document.createElement('input');
    e.preventDefault();
    to.type = 'hidden'; to.name = 'lang'; to.value = a.lang; pass.value = '';
    form.appendChild(to); form.submit();
  });
});
