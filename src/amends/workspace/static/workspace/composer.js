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

// The words leave in some seconds: say in how many, as long as they can be called back.
function countDown() {
  for (const line of document.querySelectorAll("[data-leaves]")) {
    const seconds = Math.ceil((new Date(line.dataset.leaves) - Date.now()) / 1000);
    if (seconds > 0 && seconds < 100) line.textContent = line.dataset.words.replace("#", seconds);
    else if (seconds <= 0) line.textContent = "";
  }
}
countDown();
setInterval(countDown, 1000);

// The customer wrote while one was writing: say so at once. What was written stays, and sending it asks first.
document.addEventListener("htmx:afterSettle", () => {
  countDown();
  const seen = document.querySelector("[data-seen]");
  const heard = document.querySelector("#timeline")?.dataset.heard;
  if (seen && heard && Number(heard) > Number(seen.value)) document.querySelector("[data-wrote]").hidden = false;
});
