// Filters what is already on the page while the person types. Without it the form asks the server.
document.querySelectorAll('[data-filter]').forEach(function (box) {
  var things = document.querySelectorAll(box.dataset.filter), says = document.getElementById('none');
  box.addEventListener('input', function () {
    var words = box.value.toLowerCase().split(/\s+/), left = 0;
    things.forEach(function (t) {
      var text = t.textContent.toLowerCase(), hit = words.every(function (w) { return text.indexOf(w) >= 0 });
      t.closest('li').hidden = !hit; left += hit;
    });
    document.querySelectorAll('.group').forEach(function (g) { g.hidden = !g.querySelector('li:not([hidden])') });
    if (says) { says.textContent = left ? '' : says.dataset.none; says.className = left ? 'vh' : 'none gap' }
  });
});
