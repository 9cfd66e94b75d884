// The banner of support: how much time is left, and the way back when there is none.
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
