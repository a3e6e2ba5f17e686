// Alerts on the desktop while a page of Amends is open somewhere behind: with leave of the browser, once for each alert.
const button = document.querySelector("[data-ask-browser]");
const says = document.querySelector("[data-browser-says]");

function say() {
  if (!button || !("Notification" in globalThis)) return;
  if (Notification.permission === "granted") says.textContent = button.dataset.on;
  if (Notification.permission === "denied") says.textContent = button.dataset.off;
}

button?.addEventListener("click", async () => {
  if ("Notification" in globalThis) await Notification.requestPermission();
  else says.textContent = button.dataset.off;
  say();
});
say();

// The same alert reaches every open tab; its address as a tag makes them one on the desktop.
document.addEventListener("toast", ({ detail }) => {
  if (!detail.alert || !document.hidden || globalThis.Notification?.permission !== "granted") return;
  const shown = new Notification("Amends", { body: detail.text, tag: detail.href ?? detail.text });
  shown.addEventListener("click", () => {
    window.focus();
    if (detail.href && new URL(detail.href, location.href).origin === location.origin) location.assign(detail.href);
  });
});
