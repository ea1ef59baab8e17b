// Presses the only button of a page that has nothing else to do. Without it the person does.
document.querySelector('form[data-go]').submit();
