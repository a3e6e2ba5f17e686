// The note of a call is never sent into nowhere: without a connection it stays in the form (and, by draft.js, in this
// browser), and a second try is the same note, because the form carries its own key.
const form = document.querySelector("form[data-call-note]");
const notice = form?.querySelector("[data-offline]");

function say(words) {
  notice.textContent = words;
  notice.hidden = !words;
}

form?.addEventListener(
  "submit",
  (event) => {
    if (navigator.onLine) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // draft.js would take it for sent
    say(form.dataset.offlineWords);
  },
  true,
);
addEventListener("offline", () => notice && say(form.dataset.offlineWords));
addEventListener("online", () => notice && say(""));
