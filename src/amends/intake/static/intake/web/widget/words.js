// Embeds the complaint form and the chat: <script src="…/widget.js" data-unit="…" data-lang="en|de" defer></script>
const tag = document.currentScript;
const home = new URL(tag.src).origin;
const given = tag.dataset;
const lang = (given.lang || document.documentElement.lang || navigator.language || "en").toLowerCase().startsWith("de") ? "de" : "en";
// What is needed before our server has answered; all other words come with its answer.
const words = {
  en: { open: "Something wrong? Tell us", close: "Close", form: "Write to us", lost: "It did not get through. Your words are kept: send them again when connected." },
  de: { open: "Etwas nicht in Ordnung? Sagen Sie es uns", close: "Schließen", form: "Schreiben Sie uns", lost: "Es ist nicht angekommen. Ihre Worte sind noch da: Senden Sie noch einmal, wenn Sie verbunden sind." },
}[lang];
