// Dialogs and preferences: buttons say which dialog they open; the theme changes at once and is remembered by the server.
document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-open-dialog]");
  if (opener) document.getElementById(opener.dataset.openDialog)?.showModal();
  const closer = event.target.closest?.("[data-close-dialog]");
  if (closer) closer.closest("dialog").close();
  if (event.target.matches?.("dialog")) event.target.close(); // a press on the ground beside the dialog
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit-on-change] *, [data-submit-on-change]")) event.target.form.requestSubmit();
});

// Rows load only what is near: the badges of a row are in the tab order only while the row has the focus.
document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.("[data-row]");
  for (const badge of document.querySelectorAll('[data-row] [data-hint][tabindex="0"]')) if (badge.closest("[data-row]") !== row) badge.tabIndex = -1;
  if (row) for (const badge of row.querySelectorAll("[data-hint]")) badge.tabIndex = 0;
});
