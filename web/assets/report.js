// Draws the charts of a report with Chart.js over the table that is always
// there. What is drawn stands beside each canvas as JSON; every bar and point
// leads to the mentions behind it.
"use strict";
(function () {
  var form = document.querySelector("form.controls");
  // A period that is chosen from the list replaces days that were typed in.
  document.addEventListener("change", function (event) {
    if (form && event.target.name === "period" && event.target.form === form) {
      ["from", "to"].forEach(function (name) { form.elements[name].value = ""; });
    }
  }, true);

  // Where the reports do not fit beside each other, this one is in view.
  var here = document.querySelector(".reportmenu [aria-current]");
  if (here) {
    var strip = here.parentElement;
    strip.scrollLeft = here.offsetLeft - strip.offsetLeft - (strip.clientWidth - here.clientWidth) / 2;
  }

  if (!window.Chart) return;
  var language = document.documentElement.lang;
  var charts = [];

  function look() {
    var style = getComputedStyle(document.documentElement);
    var of = function (name) { return style.getPropertyValue(name).trim(); };
    return { ink: of("--text"), soft: of("--muted"), line: of("--line"), back: of("--surface"), plain: [of("--chart-1"), of("--chart-4"), of("--chart-5"), of("--chart-6")],
      negative: of("--chart-2"), positive: of("--chart-3"), font: getComputedStyle(document.body).fontFamily };
  }

  function colour(paint, series, at) {
    if (/negative/.test(series.name)) return paint.negative;
    if (/positive/.test(series.name)) return paint.positive;
    return paint.plain[at % paint.plain.length];
  }

  function tickWords(unit) {
    var format = new Intl.NumberFormat(language, unit === "share" ? { style: "percent" } : { maximumFractionDigits: 2 });
    return function (value) { return format.format(value); };
  }

  function shorten(text, length) { return text.length > length ? text.slice(0, length - 1) + "…" : text; }

  // marks writes values and whiskers into a chart of bars, and says where there
  // is too little to draw.
  function marks(data, paint) {
    return {
      id: "marks",
      afterDatasetsDraw: function (chart) {
        var pen = chart.ctx, area = chart.chartArea, scale = chart.scales.x;
        pen.save();
        pen.font = "12px " + paint.font;
        pen.textBaseline = "middle";
        data.series.forEach(function (series, s) {
          chart.getDatasetMeta(s).data.forEach(function (bar, i) {
            var point = series.points[i], x = area.left;
            if (point.value !== null) x = Math.max(x, scale.getPixelForValue(point.value));
            if (point.value !== null && point.low !== undefined && point.high !== undefined) {
              var low = scale.getPixelForValue(point.low), high = scale.getPixelForValue(point.high);
              pen.strokeStyle = paint.ink;
              pen.lineWidth = 1.5;
              pen.beginPath();
              pen.moveTo(low, bar.y); pen.lineTo(high, bar.y);
              pen.moveTo(low, bar.y - 3); pen.lineTo(low, bar.y + 3);
              pen.moveTo(high, bar.y - 3); pen.lineTo(high, bar.y + 3);
              pen.stroke();
              x = Math.max(x, high);
            }
            pen.fillStyle = point.value === null ? paint.soft : paint.ink;
            pen.fillText(point.short, x + 6, bar.y);
          });
        });
        pen.restore();
      }
    };
  }

  function open(found, data) {
    if (!found.length) return;
    var point = data.series[found[0].datasetIndex].points[found[0].index];
    if (point.query) location.href = "/search?q=" + encodeURIComponent(point.query);
  }

  function options(data, paint, bars, narrow) {
    var value = { beginAtZero: true, ticks: { color: paint.soft, callback: tickWords(data.unit), maxTicksLimit: 6 }, grid: { color: paint.line }, border: { display: false } };
    var names = { ticks: { color: paint.ink, autoSkip: !bars, maxRotation: 0, autoSkipPadding: 12 }, grid: { display: false }, border: { color: paint.line } };
    if (bars) {
      var top = 0;
      data.series.forEach(function (series) {
        series.points.forEach(function (p) { if (p.value !== null) top = Math.max(top, p.value, p.high === undefined ? 0 : p.high); });
      });
      value.suggestedMax = top;
      if (data.unit === "share" && top > 0.8) value.max = 1;
      names.ticks.callback = function (at) { return shorten(this.getLabelForValue(at), narrow ? 15 : 30); };
    }
    return {
      indexAxis: bars ? "y" : "x",
      animation: false,
      maintainAspectRatio: false,
      locale: language,
      layout: { padding: { right: bars ? 64 : 8 } },
      interaction: { mode: bars ? "nearest" : "index", axis: bars ? "y" : "x", intersect: false },
      onClick: function (event) {
        open(event.chart.getElementsAtEventForMode(event.native, "nearest", { axis: "xy", intersect: false }, true), data);
      },
      onHover: function (event, found) { event.native.target.style.cursor = found.length ? "pointer" : "default"; },
      scales: bars ? { x: value, y: names } : { y: value, x: names },
      plugins: {
        legend: { display: data.series.length > 1, align: "start", onClick: null, labels: { color: paint.ink, usePointStyle: true, boxHeight: 8 } },
        tooltip: { callbacks: { label: function (item) {
          return (data.series.length > 1 ? item.dataset.label + ": " : "") + data.series[item.datasetIndex].points[item.dataIndex].words;
        } } }
      }
    };
  }

  function draw(figure) {
    var data = JSON.parse(figure.querySelector("script").textContent);
    var bars = data.kind === "bars", paint = look(), canvas = figure.querySelector("canvas");
    figure.hidden = false;
    var box = canvas.parentElement, narrow = box.clientWidth < 480;
    box.style.height = (bars ? 64 + data.labels.length * (10 + 18 * data.series.length) : narrow ? 220 : 300) + "px";
    var styles = ["circle", "triangle", "rect", "rectRot"], dashes = [[], [6, 3], [2, 3], [8, 3, 2, 3]];
    Chart.defaults.font.family = paint.font;
    return new Chart(canvas, {
      type: bars ? "bar" : "line",
      data: {
        labels: data.labels,
        datasets: data.series.map(function (series, s) {
          var ink = colour(paint, series, s);
          return { label: series.title, data: series.points.map(function (p) { return p.value; }), backgroundColor: ink, borderColor: ink,
            borderWidth: bars ? 0 : 2, borderRadius: 3, barThickness: 13, borderDash: dashes[s % 4], pointStyle: bars ? "rect" : styles[s % 4],
            pointRadius: data.labels.length > 40 ? 2 : 3.5, pointHoverRadius: 6, tension: 0 };
        })
      },
      options: options(data, paint, bars, narrow),
      plugins: bars ? [marks(data, paint)] : []
    });
  }

  function drawAll() {
    charts.forEach(function (chart) { chart.destroy(); });
    charts = Array.prototype.map.call(document.querySelectorAll("[data-chart]"), draw);
  }

  drawAll();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  window.addEventListener("beforeprint", function () { document.documentElement.classList.add("printing"); drawAll(); });
  window.addEventListener("afterprint", function () { document.documentElement.classList.remove("printing"); drawAll(); });
})();
