// A form that came while others were at it: sent again as it was, after as many seconds as the server says.

const form = document.querySelector("form[data-again-s]");
form.querySelector("[data-by-itself]").hidden = false;
setTimeout(() => form.requestSubmit(), 1000 * Number(form.dataset.againS));
