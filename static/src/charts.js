// Draws the trends. What is drawn stands in the page as JSON and, for those who do not see it, as tables.
(() => {
  const root = document.documentElement;
  const nonce = document.currentScript.nonce; // apexcharts makes style elements of its own
  const colour = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();
  const charts = [];

  const writers = {
    count: new Intl.NumberFormat(root.lang, { maximumFractionDigits: 0 }),
    percent: new Intl.NumberFormat(root.lang, { style: "percent", maximumFractionDigits: 0 }),
    dollars: new Intl.NumberFormat(root.lang, {
      style: "currency", currency: "USD", currencyDisplay: "narrowSymbol", minimumFractionDigits: 2, maximumFractionDigits: 4,
    }),
    minutes: new Intl.NumberFormat(root.lang, { maximumFractionDigits: 1 }),
  };
  const write = (unit) => (value) => (value === null || value === undefined ? "–" : writers[unit].format(value));

  const looks = (chart) => ({
    chart: { background: "transparent", foreColor: colour("soft"), fontFamily: "inherit" },
    colors: chart.series.map((series) => colour(`chart-${series.colour}`)),
    theme: { mode: root.dataset.bsTheme },
    grid: { borderColor: colour("line"), padding: { left: 8, right: 8 } },
    tooltip: { theme: root.dataset.bsTheme },
  });

  // A line goes on over days without a value; a bar has none there.
  const points = (chart, series) =>
    series.values.map((y, place) => ({ x: Date.parse(chart.starts[place]), y })).filter((point) => point.y !== null);
  const label = (chart, time) => {
    const known = chart.labels[chart.starts.indexOf(new Date(time).toISOString().slice(0, 10))];
    const parts = chart.step === "month" ? { year: "numeric" } : { day: "numeric" };
    return known ?? new Intl.DateTimeFormat(root.lang, { month: "short", ...parts, timeZone: "UTC" }).format(time);
  };

  const options = (chart, width) => {
    const look = looks(chart);
    const isLine = chart.kind === "line";
    return {
      ...look,
      chart: {
        ...look.chart, nonce, type: isLine ? "line" : "bar", stacked: chart.kind === "stacked", height: 260,
        toolbar: { show: false }, zoom: { enabled: false }, animations: { enabled: false },
      },
      series: chart.series.map((series) => ({ name: series.name, data: isLine ? points(chart, series) : series.values })),
      stroke: isLine ? { width: 2, curve: "straight" } : { width: 0 },
      markers: isLine ? { size: 3, strokeWidth: 0 } : { size: 0 },
      plotOptions: { bar: { columnWidth: "70%", borderRadius: 2, borderRadiusApplication: "end" } },
      fill: { opacity: 1 },
      dataLabels: { enabled: false },
      legend: {
        show: chart.series.length > 1, position: "top", horizontalAlign: "left", itemMargin: { horizontal: 8 },
        markers: { size: 5, shape: "square", strokeWidth: 0, offsetX: -3 },
      },
      xaxis: {
        ...(isLine ? { type: "datetime" } : { categories: chart.labels }),
        tickAmount: Math.max(2, Math.min(chart.labels.length, Math.floor(width / 110))),
        axisTicks: { show: false }, axisBorder: { color: colour("line") }, tooltip: { enabled: false }, crosshairs: { show: false },
        labels: { rotate: 0, maxHeight: 32, datetimeUTC: true, ...(isLine ? { formatter: (_, time) => label(chart, time) } : {}) },
      },
      yaxis: { min: 0, forceNiceScale: true, labels: { formatter: write(chart.unit) } },
      tooltip: { ...look.tooltip, shared: true, intersect: false, x: isLine ? { formatter: (time) => label(chart, time) } : {}, y: { formatter: write(chart.unit) } },
      noData: { text: "" },
    };
  };

  const data = document.getElementById("chart-data");
  for (const chart of data ? JSON.parse(data.textContent) : []) {
    const place = document.querySelector(`[data-chart="${chart.key}"]`);
    const drawn = new ApexCharts(place, options(chart, place.clientWidth));
    charts.push([chart, drawn]);
    drawn.render().then(() => place.classList.add("is-drawn"));
  }

  // Light and dark, also while the page is open.
  new MutationObserver(() => {
    for (const [chart, drawn] of charts) drawn.updateOptions(looks(chart), false, false);
  }).observe(root, { attributes: true, attributeFilter: ["data-bs-theme"] });

  document.querySelector("form[data-applies]")?.addEventListener("change", (event) => event.currentTarget.requestSubmit());
})();
