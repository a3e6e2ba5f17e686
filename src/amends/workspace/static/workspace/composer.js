// Reply or note: switches the composer without loading the page, keeps an unsent text when the page is left by accident.
function setMode(composer, mode) {
  composer.dataset.mode = mode;
  for (const tab of composer.querySelectorAll("[data-compose]")) tab.ariaCurrent = tab.dataset.compose === mode ? "true" : null;
  for (const form of composer.querySelectorAll("[data-form]")) form.hidden = form.dataset.form !== mode;
}

document.addEventListener("click", (event) => {
  const tab = event.target.closest?.("[data-compose]");
  if (!tab) return;
  event.preventDefault();
  const composer = tab.closest("[data-composer]");
  setMode(composer, tab.dataset.compose);
  composer.querySelector(`[data-form="${tab.dataset.compose}"] textarea`).focus();
});

let sending = false;
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-form]")) return;
  if (sending) return event.preventDefault(); // a second press must not send a second mail
  sending = true;
  event.target.querySelector("[data-send]").setAttribute("aria-disabled", "true");
  return undefined;
});
addEventListener("pageshow", () => (sending = false));
addEventListener("beforeunload", (event) => {
  const unsent = [...document.querySelectorAll("[data-composer] textarea")].some((area) => area.value.trim() && area.value !== area.defaultValue);
  if (unsent && !sending) event.preventDefault();
});

// The newest entry is what one came for.
const pane = document.querySelector("[data-timeline-pane]");
if (pane && !location.hash && pane.scrollHeight > pane.clientHeight) pane.scrollTop = pane.scrollHeight;
