// While the next page is long in coming, the pressed button shows it and a line says so. Without it the browser's own sign does.
var says = document.getElementById('wait'), soon, later;
function rest() {
  clearTimeout(soon); clearTimeout(later);
  says.textContent = '';
  document.querySelectorAll('.busy').forEach(function (b) { b.classList.remove('busy') });
}
function wait(pressed) {
  rest();
  if (pressed) pressed.classList.add('busy');
  soon = setTimeout(function () { says.textContent = says.dataset.says }, 1000);
  later = setTimeout(function () { says.textContent = says.dataset.long }, 10000);
}
addEventListener('submit', function (e) { if (e.target.method === 'post') wait(e.submitter) });
addEventListener('click', function (e) {
  var link = e.target.closest('a[data-wait]');
  if (link && !e.button && !e.ctrlKey && !e.metaKey && !e.shiftKey && !e.altKey) wait(link);
});
// Back again, or stopped: nothing is awaited.
addEventListener('pageshow', rest);
addEventListener('keydown', function (e) { if (e.key === 'Escape') rest() });
