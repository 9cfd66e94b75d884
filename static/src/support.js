// The banner of support: how much time is left, and the way back when there is none. What would change something is
// shown as the person sees it, and says that it stands still; the server refuses it besides.
const banner = document.querySelector("[data-support-ends]");
const left = banner.querySelector("[data-support-left]");
const endsAt = Date.parse(banner.dataset.supportEnds);

function tick() {
  const minutes = Math.ceil((endsAt - Date.now()) / 60_000);
  if (minutes <= 0) return location.reload();
  // The number alone: its words are the server's.
  left.textContent = left.textContent.replace(/\d+/, String(minutes));
}

setInterval(tick, 15_000);

const CHANGING = ":is([hx-post], [hx-put], [hx-patch], [hx-delete])";
const isOurs = (element) => banner.contains(element);

function tell() {
  const toasts = document.querySelector(".toasts");
  const toast = document.querySelector("#failed").content.cloneNode(true);
  toast.querySelector("p").textContent = banner.dataset.supportStill;
  toasts.replaceChildren(toast);
}

function standStill() {
  const buttons = 'form[method="post"] button:not([type="button"]), form[hx-post] button:not([type="button"])';
  for (const control of document.querySelectorAll(`${buttons}, button${CHANGING}`)) {
    if (isOurs(control)) continue;
    control.setAttribute("aria-disabled", "true");
    control.title = banner.dataset.supportStill;
  }
}

document.addEventListener(
  "submit",
  (event) => {
    if (isOurs(event.target) || event.target.getAttribute("method")?.toLowerCase() !== "post") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    tell();
  },
  true,
);
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.requestConfig.verb === "get") return;
  event.preventDefault();
  if (event.detail.requestConfig.triggeringEvent) return tell();
  event.detail.elt.textContent = banner.dataset.supportStill; // what a page asks by itself, such as an estimate
});
document.addEventListener("htmx:load", standStill);
standStill();
