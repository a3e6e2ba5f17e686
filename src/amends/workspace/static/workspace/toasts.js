// Small messages at the edge. They stay until they are closed when they carry an alert, else twelve seconds, and wait
// while somebody reads (pointer or focus on them). The text always comes as text, never as HTML.
const shelf = document.getElementById("toasts");
const pattern = document.getElementById("toast-pattern");
const STAY = 12000;

function arm(toast) {
  toast.querySelector("[data-close]").addEventListener("click", () => toast.remove());
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

function show({ text, href, label, alert }) {
  const toast = pattern.content.firstElementChild.cloneNode(true);
  toast.classList.toggle("toast--alert", Boolean(alert));
  toast.querySelector("[data-text]").textContent = text;
  const link = toast.querySelector("a");
  if (href) {
    link.href = href;
    if (label) link.textContent = label;
  } else link.remove();
  shelf.append(toast);
  while (shelf.children.length > 4) shelf.firstElementChild.remove();
  arm(toast);
}

if (shelf) {
  for (const toast of shelf.children) arm(toast);
  document.addEventListener("toast", (event) => show(event.detail));
  // A view may ask for a toast with the HX-Trigger header: {"toast": {"text": "…"}}.
  document.body.addEventListener("htmx:sendError", () => show({ text: document.body.dataset.offline, alert: true }));
}
