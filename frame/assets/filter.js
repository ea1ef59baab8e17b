// Searches what is on the page while the person types, as launcher/search.c does but for genitives and slips of the hand.
// Without it the form asks the server.
var latin = 'aaaaaaaceeeeiiiidnooooo*ouuuuytsaaaaaaaceeeeiiiidnooooo/ouuuuyty' +
  'aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllll' +
  'llnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs';
function fold(text) {
  return text.normalize('NFC').replace(/[^]/gu, function (c) {
    var n = c.codePointAt(0);
    return n !== 65279 && /\s|[\0-\x1f\x85]/.test(c) ? ' ' : n > 191 && n < 384 ? latin[n - 192] :
      n > 64 && n < 91 || n > 912 && n < 938 || n > 1039 && n < 1072 ? String.fromCodePoint(n + 32) : c;
  });
}
document.querySelectorAll('[role=search] [type=search]').forEach(function (box) {
  var tiles = [].slice.call(document.querySelectorAll('[data-find]')), says = document.getElementById('found');
  box.addEventListener('input', function () {
    var words = fold(box.value).split(' ').filter(Boolean).slice(0, 8), left = tiles;
    if (!('filter' in box.dataset)) { if (!words.length) box.form.submit(); return }
    words.forEach(function (w) {
      var begun = tiles.filter(function (t) { return (' ' + t.dataset.find).replace(/-/g, ' ').indexOf(' ' + w) >= 0 });
      var hits = begun.length ? begun : tiles.filter(function (t) { return t.dataset.find.indexOf(w) >= 0 });
      left = left.filter(function (t) { return hits.indexOf(t) >= 0 });
    });
    tiles.forEach(function (t) { t.closest('li').hidden = left.indexOf(t) < 0 });
    document.querySelectorAll('main section').forEach(function (s) { s.hidden = words.length > 0 && !s.querySelector('[data-find]') || tiles.length > 0 && s.querySelector('[data-find]') && !s.querySelector('li:not([hidden])') });
    says.className = left.length ? 'hint find-state' : 'none find-state';
    says.textContent = !words.length ? '' : left.length > 1 ? left.length + ' ' + says.dataset.many : left.length ? says.dataset.one : says.dataset.none;
    if (!words.length) says.className = 'vh';
  });
});
