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
  // Marks between whole numbers need their digits: two marks that read the same would be a lie.
  const marks = {
    ...writers,
    percent: new Intl.NumberFormat(root.lang, { style: "percent", maximumFractionDigits: 2 }),
    minutes: new Intl.NumberFormat(root.lang, { maximumFractionDigits: 3 }),
    dollars: new Intl.NumberFormat(root.lang, {
      style: "currency", currency: "USD", currencyDisplay: "narrowSymbol", minimumFractionDigits: 2, maximumFractionDigits: 6,
    }),
  };
  const mark = (unit) => (value) => (Number.isFinite(value) ? marks[unit].format(value) : "");
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
    series.values.map((y, x) => ({ x, y })).filter((point) => point.y !== null);
  // Lines stand on the places of their days, 0 and on, so that every mark of the axis is below the day that it names.
  const line = (chart, most) => {
    const last = Math.max(chart.labels.length - 1, 1);
    const step = Math.ceil(last / most);
    const tickAmount = Math.ceil(last / step);
    return { type: "numeric", min: 0, max: step * tickAmount, tickAmount };
  };
  const label = (chart, place) => chart.labels[Math.round(place)] ?? "";

  // Up to five of something are counted one by one: there is no half of a company.
  const isFew = (chart) => {
    const stacks = chart.starts.map((_, place) => chart.series.map((series) => series.values[place] ?? 0));
    const tops = stacks.map((values) => (chart.kind === "stacked" ? values.reduce((sum, value) => sum + value, 0) : Math.max(...values)));
    return chart.unit === "count" && Math.max(...tops) <= 5;
  };

  const options = (chart, width) => {
    const look = looks(chart);
    const isLine = chart.kind === "line";
    const most = Math.max(2, Math.min(chart.labels.length, Math.floor(width / 110)));
    return {
      ...look,
      chart: {
        ...look.chart, nonce, type: isLine ? "line" : "bar", stacked: chart.kind === "stacked", height: 260,
        toolbar: { show: false }, zoom: { enabled: false }, animations: { enabled: false },
      },
      series: chart.series.map((series) => ({ name: series.name, data: isLine ? points(chart, series) : series.values })),
      // A single value is a dot; as a line it would fall to the axis.
      stroke: isLine ? { width: chart.series.map((series) => (points(chart, series).length > 1 ? 2 : 0)), curve: "straight" } : { width: 0 },
      markers: isLine ? { size: 3, strokeWidth: 0 } : { size: 0 },
      plotOptions: { bar: { columnWidth: "70%", borderRadius: 2, borderRadiusApplication: "end" } },
      fill: { opacity: 1 },
      dataLabels: { enabled: false },
      legend: {
        show: chart.series.length > 1, position: "top", horizontalAlign: "left", itemMargin: { horizontal: 8 },
        markers: { size: 5, shape: "square", strokeWidth: 0, offsetX: -3 },
      },
      xaxis: {
        ...(isLine ? line(chart, most) : { categories: chart.labels, tickAmount: most }),
        axisTicks: { show: false }, axisBorder: { color: colour("line") }, tooltip: { enabled: false }, crosshairs: { show: false },
        labels: { rotate: 0, maxHeight: 32, ...(isLine ? { formatter: (place) => label(chart, Number(place)) } : {}) },
      },
      yaxis: { min: 0, forceNiceScale: true, ...(isFew(chart) ? { stepSize: 1 } : {}), labels: { formatter: mark(chart.unit) } },
      tooltip: { ...look.tooltip, shared: true, intersect: false, x: isLine ? { formatter: (place) => label(chart, place) } : {}, y: { formatter: write(chart.unit) } },
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
