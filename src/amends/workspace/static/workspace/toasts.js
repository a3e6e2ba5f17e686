// Small messages at the edge. They stay until they are closed when they carry an alert, else twelve seconds, and wait
// while somebody reads (pointer or focus on them). The text always comes as text, never as HTML.
const shelf = document.getElementById("toasts");
const pattern = document.getElementById("toast-pattern");
const STAY = 12000;

function arm(toast) {
  if (toast.classList.contains("toast--alert")) return;
  let timer;
  const start = () => (timer = setTimeout(() => toast.remove(), STAY));
  const stop = () => clearTimeout(timer);
  toast.addEventListener("pointerenter", stop);
  toast.addEventListener("focusin", stop);
  toast.addEventListener("pointerleave", start);
  toast.addEventListener("focusout", start);
  start();
}

function show({ text, href, alert }) {
  const toast = pattern.content.firstElementChild.cloneNode(true);
  toast.classList.toggle("toast--alert", Boolean(alert));
  toast.querySelector("[data-text]").textContent = text;
  const link = toast.querySelector("a");
  // Only addresses of this site: an alert never leads elsewhere.
  if (href && new URL(href, location.href).origin === location.origin) link.href = href;
  else link.remove();
  shelf.append(toast);
}

function failed(event) {
  const { xhr, target } = event.detail;
  const slot = target?.closest?.("[data-slot]");
  const words = document.getElementById("slot-failed");
  if (xhr.status >= 500 && slot && words) slot.replaceChildren(words.content.cloneNode(true));
  else if (xhr.status >= 500) show({ text: document.body.dataset.offline, alert: true });
}

if (shelf) {
  for (const toast of shelf.children) arm(toast);
  // Toasts also arrive from the server: the answer to a refused request is put on the shelf.
  new MutationObserver((changes) => {
    for (const change of changes) for (const node of change.addedNodes) if (node.nodeType === Node.ELEMENT_NODE) arm(node);
    while (shelf.children.length > 4) shelf.firstElementChild.remove();
  }).observe(shelf, { childList: true });
  shelf.addEventListener("click", (event) => event.target.closest("[data-close]")?.closest(".toast").remove());
  // A view asks for a toast with the HX-Trigger header: {"toast": {"text": "…", "href": "…"}}.
  document.addEventListener("toast", (event) => show(event.detail));
  document.addEventListener("htmx:responseError", failed);
  document.addEventListener("htmx:sendError", () => show({ text: document.body.dataset.offline, alert: true }));
}
