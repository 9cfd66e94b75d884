// Loaded before the page is painted, so that a remembered theme does not flash.
(() => {
  const remembered = localStorage.getItem("theme");
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  document.documentElement.dataset.bsTheme = remembered || system;
})();
