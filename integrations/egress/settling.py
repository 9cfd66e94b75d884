"""When a page that is made by scripts is complete, told from inside of it.

A fixed sleep is too short for some pages and too long for all others, and what Playwright offers waits for half a
second without a request. Here a page is complete once it has text that has stopped growing and asks for nothing more.
"""

# These run before the page's own scripts. What is taken away has no use to a reader: peer connections and WebTransport
# are no HTTP, and would look for a way out beside the proxy where a remote browser lacks our flags.
BEFORE_SCRIPTS = """
(() => {
  for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "WebTransport"]) delete self[name];
  if (self !== self.top) return;
  const state = {pending: 0};
  Object.defineProperty(self, "__reading", {value: state});
  const ended = () => { state.pending -= 1; };
  const fetched = self.fetch;
  self.fetch = function (...request) {
    state.pending += 1;
    const answer = fetched.apply(this, request);
    answer.then(ended, ended);
    return answer;
  };
  const send = XMLHttpRequest.prototype.send;
  XMLHttpRequest.prototype.send = function (...body) {
    state.pending += 1;
    this.addEventListener("loadend", ended, {once: true});
    return send.apply(this, body);
  };
})();
"""

# A page that is read and not looked at needs no layout and no painting: 50 of 240 ms of CPU a page. What
# scripts measure is still worked out for them. Parts that load when they come into view are told that they have, once
# each, so that what is far down is read too and an endless list ends.
WITHOUT_LAYOUT = """
(() => {
  if (self !== self.top) return;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("html { content-visibility: hidden !important }");
  document.adoptedStyleSheets = [sheet];
  const told = new WeakSet();
  self.IntersectionObserver = class {
    root = null; rootMargin = "0px"; thresholds = [0];
    constructor(callback) { this.callback = callback; }
    observe(target) {
      if (told.has(target)) return;
      told.add(target);
      setTimeout(() => {
        const box = target.getBoundingClientRect();
        this.callback([{target, isIntersecting: true, intersectionRatio: 1, time: performance.now(),
          boundingClientRect: box, intersectionRect: box, rootBounds: null}], this);
      });
    }
    unobserve() {}
    disconnect() {}
    takeRecords() { return []; }
  };
})();
"""

# Resolves to `[html, address]`, or to `[null, address]` for a document that is larger than `most` characters.
# It looks every 75 ms. Text that is the same three times, with nothing asked for, is complete. A page that always asks
# for something (a ticker, a long poll) is complete once its text has been the same for a second. One without text is,
# after two and a half seconds in which nothing happens: it has only pictures, or waits for a visitor.
READ_WHEN_SETTLED = """
([seconds, most]) => new Promise((resolve) => {
  const endsAt = performance.now() + seconds * 1000;
  const all = document.getElementsByTagName("*");
  const textSize = (body) => {
    let size = body.textContent.length;
    for (const silent of body.querySelectorAll("script, style, noscript, template")) size -= silent.textContent.length;
    return size;
  };
  const answer = () => {
    const root = document.documentElement;
    const html = all.length > most / 8 ? null : root ? root.outerHTML : "";
    resolve([html !== null && html.length > most ? null : html, location.href]);
  };
  const looksNeeded = (size) => {
    const isBusy = document.readyState === "loading" || (self.__reading || {}).pending > 0;
    if (size < 80) return isBusy || document.readyState !== "complete" ? Infinity : 33;
    return isBusy ? 13 : 2;
  };
  let before = "", calm = 0;
  const look = () => {
    const size = document.body ? textSize(document.body) : 0;
    const now = [size, all.length, performance.getEntriesByType("resource").length].join();
    calm = now === before ? calm + 1 : 0;
    before = now;
    if (calm >= looksNeeded(size) || performance.now() > endsAt) answer(); else setTimeout(look, 75);
  };
  look();
})
"""
