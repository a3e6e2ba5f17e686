// Live news: one event stream for all open tabs of this person, because a browser keeps few connections to one host.
// The tab that holds the lock listens; the others hear it over a BroadcastChannel.
const address = document.body.dataset.live;
const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("amends-news") : null;
const refreshing = new Map();
let listening = false;

// Nobody loses what they are writing, what they have unfolded, or the menu they have open.
Object.assign(Idiomorph.defaults.callbacks, {
  beforeAttributeUpdated: (name, node) => !(name === "open" && node.tagName === "DETAILS"),
  beforeNodeMorphed: (node) => !(node.matches?.("textarea, input") && node.value !== node.defaultValue),
});
const busy = (element) =>
  element.querySelector("details.menu[open]") || (element.contains(document.activeElement) && document.activeElement.matches("input, textarea, select"));

function look(element) {
  if (!element.isConnected) return;
  if (busy(element)) refreshing.set(element, setTimeout(look, 3000, element));
  else htmx.trigger(element, "refresh");
}

function refresh(selector) {
  for (const element of document.querySelectorAll(selector)) {
    clearTimeout(refreshing.get(element));
    refreshing.set(element, setTimeout(look, 400, element)); // many changes in a moment are one refresh
  }
}

function hear(news) {
  if (news.topic === "complaint" || news.topic === "resync") {
    refresh("[data-refresh=queue]");
    refresh(news.complaint ? `[data-refresh-complaint="${CSS.escape(news.complaint)}"]` : "[data-refresh-complaint]");
  }
  if (news.topic === "resync") refresh("[data-refresh=alerts]");
  if (news.topic === "listening") missed();
  // The count comes back with the newest alert as a toast: the words are read with this person's own rights.
  if (news.topic === "alert") htmx.ajax("GET", document.body.dataset.alerts, { target: "#alert-count", swap: "innerHTML" });
}

// What happened between the making of the page and the first moment of listening is asked for, not guessed.
async function missed() {
  const { missed: path, mark: since } = document.body.dataset;
  const answer = await fetch(`${path}?since=${encodeURIComponent(since)}`, { headers: { Accept: "application/json" } }).catch(() => null);
  if (answer?.ok && (await answer.json()).missed) hear({ topic: "resync" });
}

function listen() {
  const source = new EventSource(address);
  let lost = false;
  source.addEventListener("message", (event) => {
    const news = JSON.parse(event.data);
    hear(news);
    channel?.postMessage(news);
  });
  source.addEventListener("error", () => (lost = true));
  source.addEventListener("open", () => {
    if (lost) {
      hear({ topic: "resync" });
      channel?.postMessage({ topic: "resync" });
    } else {
      missed();
      channel?.postMessage({ topic: "listening" });
    }
    [lost, listening] = [false, true];
  });
}

if (address) {
  channel?.addEventListener("message", (event) => hear(event.data));
  if (navigator.locks && channel) navigator.locks.request("amends-live", () => new Promise(listen)); // never resolves: held until the tab closes
  else listen();
  if (navigator.locks && channel) setTimeout(() => listening || missed(), 1000); // another tab may be the one that listens
  // Clocks run while nothing happens: look again each minute, but only in a tab that is seen.
  setInterval(() => document.hidden || refresh("[data-refresh=queue]"), 60000);
}
