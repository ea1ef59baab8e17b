// Leads on when the page is taking long: a frame that never loads would keep the browser here.
setTimeout(function () { location.replace(document.querySelector('a[data-on]').href) }, 5000);
