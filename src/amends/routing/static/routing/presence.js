// The beat of a page that somebody uses: at most one in five minutes, and none while nobody touches it.
const mark = document.getElementById("presence-mark");
const EVERY = 5 * 60 * 1000;
let last = Date.now(); // the page's own loading was a beat

function used() {
  if (document.hidden || Date.now() - last < EVERY) return;
  last = Date.now();
  htmx.trigger(mark, "beat");
}

if (mark) for (const sign of ["pointerdown", "keydown", "scroll"]) addEventListener(sign, used, { passive: true, capture: true });
