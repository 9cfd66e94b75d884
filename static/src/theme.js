// Loaded before the page is painted, so that a remembered theme does not flash.
(() => {
  const remembered = localStorage.getItem("theme");
  const isChosen = remembered === "light" || remembered === "dark"; // the console remembers "auto" under the same name
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  document.documentElement.dataset.bsTheme = isChosen ? remembered : system;
})();
