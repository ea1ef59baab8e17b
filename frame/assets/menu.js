// One's own menu closes by Escape, which gives the focus back, and by a press outside. Without it the menu's own button does.
document.querySelectorAll('details.me').forEach(function (menu) {
  addEventListener('keydown', function (e) {
    if (e.key !== 'Escape' || !menu.open) return;
    menu.open = false;
    menu.querySelector('summary').focus();
  });
  addEventListener('pointerdown', function (e) { if (!menu.contains(e.target)) menu.open = false });
});
