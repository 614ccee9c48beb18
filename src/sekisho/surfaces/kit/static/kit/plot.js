// The half-hour curve to look into: zoom, and read single values. The server's SVG and the table stay what they are: without this file, in
// print, and for whoever cannot use a canvas, they are what there is.
"use strict";
(() => {
  const SLOT = 1800, DAY = 86400, TOKYO = "Asia/Tokyo";
  const KEYS = { ArrowLeft: -1, ArrowRight: 1, PageUp: -48, PageDown: 48 };

  document.addEventListener("DOMContentLoaded", () => {
    if (typeof uPlot === "undefined") return;
    for (const figure of document.querySelectorAll("[data-plot]")) draw(figure);
  });

  function draw(figure) {
    const told = JSON.parse(document.getElementById(figure.dataset.plot).textContent);
    const box = figure.querySelector("[data-plot-box]"), values = figure.querySelector("[data-plot-values]");
    const day = [told.start + told.day * DAY, told.start + (told.day + 1) * DAY];
    const whole = [told.start, told.start + told.wh.length * SLOT];
    const x = told.wh.map((_, slot) => told.start + slot * SLOT).concat(whole[1]);
    const y = told.wh.map((wh) => (wh === null ? null : wh / 1000)).concat(null);
    const estimated = new Set(told.estimated);
    figure.classList.add("chart--live");

    const plot = new uPlot({
      width: width(box), height: 280, legend: { show: false }, padding: [8, 24, 0, 0],
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), TOKYO),
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false, dist: 4 }, bind: { dblclick: () => () => show(day) } },
      scales: { x: { time: true }, y: { range: (_, least, most) => [0, most > 0 ? most * 1.08 : 1] } },
      axes: axes(), series: [{}, { stroke: () => colour("line"), width: 2, paths: steps, points: { show: false } }],
      hooks: { drawClear: [gaps], draw: [marks], setCursor: [read] },
    }, [x, y], box);

    function show([from, to]) {
      const span = Math.min(to - from, whole[1] - whole[0]), start = Math.min(Math.max(from, whole[0]), whole[1] - span);
      plot.setScale("x", { min: start, max: start + span });
    }

    // A half-hour is a step as wide as itself: a point in its middle would claim a moment that nobody measured.
    function steps(u, series, first, last) {
      const stroke = new Path2D();
      let drawing = false;
      for (let slot = first; slot <= last; slot++) {
        if (y[slot] === null) { drawing = false; continue; }
        const left = u.valToPos(x[slot], "x", true), right = u.valToPos(x[slot] + SLOT, "x", true), high = u.valToPos(y[slot], "y", true);
        stroke[drawing ? "lineTo" : "moveTo"](left, high);
        stroke.lineTo(right, high);
        drawing = true;
      }
      return { stroke, fill: null, clip: null, flags: 1 };
    }

    function seen(u) {
      const first = Math.max(0, Math.floor((u.scales.x.min - told.start) / SLOT));
      return [first, Math.min(told.wh.length, Math.ceil((u.scales.x.max - told.start) / SLOT))];
    }

    function gaps(u) {
      const { ctx } = u, { left, top, width: wide, height } = u.bbox, [first, last] = seen(u);
      ctx.save();
      ctx.beginPath(); ctx.rect(left, top, wide, height); ctx.clip();
      for (let slot = first; slot < last; slot++) {
        if (told.wh[slot] !== null) continue;
        const begin = slot;
        while (slot < last && told.wh[slot] === null) slot++;
        const from = u.valToPos(x[begin], "x", true), to = u.valToPos(x[slot], "x", true);
        ctx.save();
        ctx.beginPath(); ctx.rect(from, top, Math.max(to - from, 1), height); ctx.clip();
        hatch(ctx, Math.max(from, left), Math.min(to, left + wide), top, height);
        ctx.restore();
      }
      ctx.restore();
    }

    function marks(u) {
      const { ctx } = u, { left, top, width: wide, height } = u.bbox, [first, last] = seen(u), ratio = uPlot.pxRatio;
      const broad = (u.valToPos(told.start + SLOT, "x", true) - u.valToPos(told.start, "x", true)) >= 7 * ratio;
      ctx.save();
      ctx.beginPath(); ctx.rect(left, top, wide, height); ctx.clip();
      ctx.strokeStyle = colour("estimate"); ctx.fillStyle = colour("paper"); ctx.lineWidth = 2 * ratio;
      for (let slot = first; slot < last; slot++) {
        if (!estimated.has(slot) || told.wh[slot] === null) continue;
        const from = u.valToPos(x[slot], "x", true), to = u.valToPos(x[slot] + SLOT, "x", true);
        ctx.beginPath();
        if (broad) ctx.arc((from + to) / 2, u.valToPos(y[slot], "y", true), 4 * ratio, 0, 2 * Math.PI);
        else { ctx.moveTo(from, top + height - 3 * ratio); ctx.lineTo(Math.max(to, from + 1), top + height - 3 * ratio); }
        if (broad) ctx.fill();
        ctx.stroke();
      }
      ctx.restore();
    }

    function hatch(ctx, from, to, top, height) {
      const ratio = uPlot.pxRatio, pitch = 8 * ratio;
      ctx.strokeStyle = colour("gap"); ctx.lineWidth = 1.5 * ratio;
      ctx.beginPath();
      for (let at = Math.floor((from - height) / pitch) * pitch; at < to; at += pitch) { ctx.moveTo(at, top + height); ctx.lineTo(at + height, top); }
      ctx.stroke();
    }

    function axes() {
      const common = () => ({ stroke: () => colour("text"), font: '12px "Noto Sans JP", "Noto Sans CJK JP", sans-serif', grid: { stroke: () => colour("grid"), width: 1 }, ticks: { stroke: () => colour("grid"), width: 1 } });
      return [
        { ...common(), space: 44, values: (u, splits, _axis, _space, step) => splits.map((at) => label(at, step)) },
        { ...common(), size: 56, values: (_, splits) => splits.map((at) => at.toLocaleString("en", { maximumFractionDigits: 3 })) },
      ];
    }

    function label(seconds, step) {
      const at = part(seconds), date = `${at.month}/${at.day}`;
      return step >= DAY || (at.hour === 0 && at.minute === 0) ? date : clock(at);
    }

    // What stands under the cursor. Spoken only when the keyboard moved it: a mouse passes over hundreds.
    function read(u) {
      const slot = u.cursor.left === null || u.cursor.left < 0 ? -1 : Math.floor((u.posToVal(u.cursor.left, "x") - told.start) / SLOT);
      values.textContent = told.wh[slot] === undefined ? told.words.hint : words(slot);
    }

    function words(slot) {
      const from = part(x[slot]), to = part(x[slot] + SLOT), wh = told.wh[slot];
      const kind = wh === null ? "missing" : estimated.has(slot) ? "estimate" : "measured";
      const until = to.hour === 0 && to.minute === 0 ? "24:00" : clock(to);
      const amount = wh === null ? "—" : `${(wh / 1000).toLocaleString("en", { minimumFractionDigits: 3 })} kWh`;
      return `${from.year}-${two(from.month)}-${two(from.day)} ${clock(from)}–${until} JST  ${amount}  ${told.words[kind]}`;
    }

    function move(slots) {
      const now = slotUnderCursor(), [first, last] = [0, told.wh.length - 1], next = Math.min(Math.max(now + slots, first), last);
      const { min, max } = plot.scales.x, at = x[next] + SLOT / 2;
      if (at < min || at > max) show([at - (max - min) / 2, at + (max - min) / 2]);
      values.setAttribute("aria-live", "polite");
      plot.setCursor({ left: plot.valToPos(at, "x"), top: 0 });
    }

    function slotUnderCursor() {
      const { left } = plot.cursor;
      if (left === null || left === undefined || left < 0) return Math.floor((plot.scales.x.min - told.start) / SLOT) - 1;
      return Math.floor((plot.posToVal(left, "x") - told.start) / SLOT);
    }

    function zoom(factor) {
      const { min, max } = plot.scales.x, middle = (min + max) / 2, half = Math.max((max - min) * factor, 4 * SLOT) / 2;
      show([middle - half, middle + half]);
    }

    box.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const { key } = event;
      if (key in KEYS) move(KEYS[key]);
      else if (key === "+" || key === "=") zoom(0.5);
      else if (key === "-") zoom(2);
      else if (key === "Escape" || key === "0") { show(day); plot.setCursor({ left: -10, top: -10 }); }
      else return;
      event.preventDefault();
    });
    box.addEventListener("mousemove", () => values.setAttribute("aria-live", "off"));
    for (const button of figure.querySelectorAll("[data-plot-days]")) {
      const around = Number(button.dataset.plotDays);
      button.addEventListener("click", () => show([day[0] - around * DAY, day[1] + around * DAY]));
    }
    figure.querySelector("[data-plot-tools]").hidden = false;
    new ResizeObserver(() => plot.setSize({ width: width(box), height: 280 })).observe(figure);
    show(day);
    read(plot);

    function colour(name) { return getComputedStyle(figure).getPropertyValue(`--plot-${name}`).trim(); }
  }

  const FORMAT = new Intl.DateTimeFormat("en-US-u-hc-h23", { timeZone: TOKYO, year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" });
  function part(seconds) { return Object.fromEntries(FORMAT.formatToParts(seconds * 1000).map(({ type, value }) => [type, Number(value)])); }
  function two(number) { return String(number).padStart(2, "0"); }
  function clock(at) { return `${two(at.hour)}:${two(at.minute)}`; }
  function width(box) { return Math.max(280, Math.floor(box.parentElement.clientWidth)); }
})();
