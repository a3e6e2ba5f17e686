// One hint for every element with data-hint: on hover, on keyboard focus, on touch; Escape closes it (WCAG 1.4.13).
const hint = document.createElement("div");
hint.className = "hint";
hint.id = "hint";
hint.setAttribute("role", "tooltip");
hint.hidden = true;
document.body.append(hint);
let owner = null;
let leaving;

function place(element) {
  const box = element.getBoundingClientRect();
  const left = Math.min(Math.max(8, box.left), innerWidth - hint.offsetWidth - 8);
  const below = box.bottom + 6 + hint.offsetHeight < innerHeight;
  hint.style.left = `${left}px`;
  hint.style.top = `${below ? box.bottom + 6 : Math.max(8, box.top - hint.offsetHeight - 6)}px`;
}

function show(element) {
  clearTimeout(leaving);
  if (element === owner) return;
  hide();
  owner = element;
  hint.textContent = element.dataset.hint;
  // Inside an open dialog the hint must be part of it, or the dialog would cover it.
  (element.closest("dialog") || document.body).append(hint);
  hint.hidden = false;
  element.setAttribute("aria-describedby", "hint");
  place(element);
}

function hide() {
  owner?.removeAttribute("aria-describedby");
  owner = null;
  hint.hidden = true;
}

const later = () => {
  clearTimeout(leaving);
  leaving = setTimeout(hide, 120);
};

document.addEventListener("pointerover", (event) => {
  const element = event.target.closest?.("[data-hint]");
  if (element) show(element);
  else if (event.target === hint) clearTimeout(leaving);
  else if (owner && owner !== document.activeElement) later();
});
document.addEventListener("focusin", (event) => (event.target.matches?.("[data-hint]") ? show(event.target) : hide()));
document.addEventListener("click", (event) => {
  const element = event.target.closest?.("button[data-hint]");
  if (element) show(element);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && owner) {
    hide();
    event.preventDefault();
  }
});
document.addEventListener("scroll", hide, { capture: true, passive: true });
