// A score that came with the link is sent as if its button were pressed, but only by a page that somebody looks at:
// programs that fetch pages ahead, or look into links for harm, do not show them.
const form = document.querySelector("form[data-submit-at-once]");
const button = form?.querySelector("button[name=score]");
let sent = false;

function submitWhenSeen() {
  if (sent || !button || document.visibilityState !== "visible" || document.prerendering) return;
  sent = true;
  form.requestSubmit(button);
}

if (button) {
  document.addEventListener("visibilitychange", submitWhenSeen);
  document.addEventListener("prerenderingchange", submitWhenSeen);
  submitWhenSeen();
}
