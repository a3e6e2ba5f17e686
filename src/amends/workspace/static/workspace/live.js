// Live news: one event stream for all open tabs of this person, because a browser keeps few connections to one host.
// The tab that holds the lock listens; the others hear it over a BroadcastChannel.
const address = document.body.dataset.live;
const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("amends-news") : null;
const refreshing = new Map();

function refresh(selector) {
  for (const element of document.querySelectorAll(selector)) {
    clearTimeout(refreshing.get(element));
    // Many changes in a moment are one refresh.
    refreshing.set(element, setTimeout(() => htmx.trigger(element, "refresh"), 400));
  }
}

function hear(news) {
  if (news.topic === "complaint" || news.topic === "resync") {
    refresh("[data-refresh=queue]");
    refresh(news.reference ? `[data-refresh-reference="${CSS.escape(news.reference)}"]` : "[data-refresh-reference]");
  }
  if (news.topic === "alert" || news.topic === "resync") refresh("[data-refresh=alerts]");
  if (news.text) document.dispatchEvent(new CustomEvent("toast", { detail: { text: news.text, href: news.href, alert: news.topic === "alert" } }));
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
    if (!lost) return;
    lost = false; // what happened in the gap is read from the database, not guessed
    hear({ topic: "resync" });
    channel?.postMessage({ topic: "resync" });
  });
}

if (address) {
  channel?.addEventListener("message", (event) => hear(event.data));
  if (navigator.locks && channel) navigator.locks.request("amends-live", () => new Promise(listen)); // never resolves: held until the tab closes
  else listen();
  // Clocks run while nothing happens: look again each minute, but only in a tab that is seen.
  setInterval(() => document.hidden || refresh("[data-refresh=queue]"), 60000);
}
