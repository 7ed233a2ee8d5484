/* Draws the charts of a report page. What they show stands in the page as JSON, made by charts.ts; uPlot is loaded. */

const run = JSON.parse(document.getElementById('data').textContent);
const plots = [];
const height = { wide: 300, narrow: 230 };
const dashes = { solid: [], dashed: [7, 4], dotted: [2, 3] };
const toneLooks = {
  away: { colour: 'bad', dash: [] },
  back: { colour: 'good', dash: [5, 4] },
  note: { colour: 'quiet', dash: [2, 3] },
};
const timeSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400];

/** Asked anew for each drawing: the colours change with the reader's light or dark theme. */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function font(pixels) {
  return `${pixels}px ${getComputedStyle(document.body).fontFamily}`;
}

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 2 });

function formatMs(ms) {
  if (ms >= 100) return `${whole.format(ms)} ms`;
  return `${ms.toFixed(ms >= 10 ? 1 : 2)} ms`;
}

function formatTime(seconds) {
  if (run.seconds < 120) return `${Number(seconds.toFixed(1))} s`;
  const rest = Math.round(seconds % 60);
  return `${Math.floor(seconds / 60)}:${String(rest).padStart(2, '0')}`;
}

/** `place` counts the nines: 2 is 99 %. */
function formatPercentile(place) {
  const percent = 100 * (1 - 10 ** -place);
  return `${Number(percent.toFixed(Math.max(1, Math.ceil(place) - 1)))} %`;
}

const units = {
  'per second': { value: (value) => `${whole.format(value)}/s`, tick: (value) => compact.format(value) },
  items: { value: (value) => whole.format(value), tick: (value) => compact.format(value) },
  percent: { value: (value) => `${value.toFixed(value < 10 ? 1 : 0)} %`, tick: (value) => `${value} %` },
  ms: { value: formatMs, tick: (value) => (value >= 1000 ? `${value / 1000} s` : `${value} ms`) },
};

const acrosses = {
  time: { name: 'time', value: formatTime, tick: formatTime },
  percentile: { name: 'percentile', value: formatPercentile, tick: formatPercentile },
  latency: { name: 'from', value: formatMs, tick: units.ms.tick },
};

/** Of a logarithmic axis: powers of ten, and where that leaves fewer than three, 2 and 5 between them. */
function logTicks(plot, splits, axis) {
  const { min, max } = plot.scales[plot.axes[axis].scale];
  const first = Math.log10(max / min) < 2 ? [1, 2, 5] : [1];
  return splits.map((value) =>
    first.includes(Math.round(value / 10 ** Math.floor(Math.log10(value) + 1e-9))) ? value : null,
  );
}

function rangeOf(chart) {
  return (_, least, most) => {
    const low = Math.min(least ?? 1, chart.range?.[0] ?? Number.POSITIVE_INFINITY);
    const high = Math.max(most ?? 1, chart.range?.[1] ?? Number.NEGATIVE_INFINITY);
    if (chart.scale === 'log') return uPlot.rangeLog(low, high, 10, false);
    return chart.unit === 'percent' && chart.range !== null
      ? [0, high]
      : [0, uPlot.rangeNum(0, high, 0.1, true)[1] || 1];
  };
}

function rangeAcross(chart) {
  const [first, last] = [chart.xs[0], chart.xs.at(-1)];
  if (chart.x !== 'time') return (_, least, most) => [least ?? first, most ?? last];
  return (_, least, most) => [
    least === null || least <= first ? 0 : least,
    most === null || most >= last ? run.seconds : most,
  ];
}

function axes(chart) {
  const look = {
    stroke: () => colour('quiet'),
    font: font(11),
    grid: { stroke: () => colour('line'), width: 1 },
    ticks: { show: false },
  };
  const across = { ...look, size: 26, gap: 8, space: 64, values: ticksBy(acrosses[chart.x].tick) };
  across.grid = { ...look.grid, show: chart.x !== 'time' };
  if (chart.x === 'time') across.incrs = timeSteps;
  if (chart.x === 'percentile')
    across.splits = (_, _axis, _least, most) => [0.301, 1, 2, 3, 4, 5, 6, 7].filter((place) => place <= most);
  if (chart.x === 'percentile') across.filter = percentileTicks;
  if (chart.x === 'latency') Object.assign(across, logAxis(across));
  const up = { ...look, size: 54, gap: 8, space: 34, values: ticksBy(units[chart.unit].tick) };
  if (chart.scale === 'log') Object.assign(up, logAxis(up));
  return [across, up];
}

function logAxis(axis) {
  return { filter: logTicks, grid: { ...axis.grid, filter: logTicks } };
}

/** Where there is no room for all, every other one. */
function percentileTicks(plot, splits) {
  const each = plot.bbox.width / uPlot.pxRatio / (plot.scales.x.max - plot.scales.x.min);
  return splits.map((place) => (each > 60 || place % 2 === 1 ? place : null));
}

function ticksBy(format) {
  return (_, values) => values.map((value) => (value === null ? null : format(value)));
}

/** Values without a neighbour: no line leads to them, so they are drawn as points. */
function lonely(plot, index) {
  const values = plot.data[index];
  const found = [];
  for (let at = 0; at < values.length; at++) {
    if (values[at] !== null && (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null) found.push(at);
  }
  return found;
}

/** The lines as uPlot takes them, with the values that they stand for: of a stack, lines are sums. Topmost first. */
function linesOf(chart) {
  if (chart.shape !== 'stack') return chart.series.map((series) => ({ ...series, drawn: series.values }));
  const sums = chart.xs.map(() => 0);
  const lines = chart.series.map((series) => {
    const drawn = series.values.map((value, at) => {
      sums[at] += value ?? 0;
      return sums[at];
    });
    return { ...series, drawn };
  });
  return lines.reverse();
}

function seriesOf(chart, lines) {
  const value = (line) => (_, _value, _index, at) => {
    const known = at === null ? null : line.values[at];
    return known === null || known === undefined ? '' : units[chart.unit].value(known);
  };
  const across = acrosses[chart.x];
  return [
    { label: across.name, value: (_, at) => (at === null ? '' : across.value(at)) },
    ...lines.map((line) => ({
      label: line.label,
      value: value(line),
      stroke: () => colour(chart.shape === 'stack' ? 'paper' : line.colour),
      width: line.line === 'dotted' || chart.shape === 'stack' ? 1 : widthOf(chart),
      dash: dashes[line.line],
      fill: fillOf(chart, line),
      paths: chart.shape === 'steps' ? uPlot.paths.stepped({ align: 1 }) : undefined,
      points: { show: false, size: 6, filter: lonely, fill: () => colour(line.colour) },
    })),
  ];
}

/** Lines of many points are thinner, or they would be a blot. */
function widthOf(chart) {
  return chart.xs.length > 240 ? 1.25 : 1.75;
}

function fillOf(chart, line) {
  if (chart.shape === 'stack') return () => colour(line.colour);
  return chart.shape === 'steps' ? () => `${colour(line.colour)}1f` : undefined;
}

function options(chart, width, figure) {
  const lines = linesOf(chart);
  return {
    width,
    height: chart.isWide ? height.wide : height.narrow,
    padding: [chart.x === 'time' && run.marks.events.length > 0 ? 22 : 10, chart.x === 'percentile' ? 34 : 20, 0, 0],
    scales: {
      x: { time: false, distr: chart.x === 'latency' ? 3 : 1, range: rangeAcross(chart) },
      y: { distr: chart.scale === 'log' ? 3 : 1, range: rangeOf(chart) },
    },
    axes: axes(chart),
    series: seriesOf(chart, lines),
    bands: chart.shape === 'band' ? [{ series: [2, 1], fill: () => `${colour(lines[0].colour)}22` }] : [],
    cursor: {
      y: false,
      points: { size: 6 },
      ...(chart.x === 'time' ? { sync: { key: 'time', scales: ['x', null] } } : {}),
    },
    legend: legendOf(chart, lines, figure),
    hooks: {
      drawAxes: chart.x === 'time' ? [drawBehind] : [],
      draw: chart.x === 'time' ? [(plot) => drawBefore(plot, chart.isWide)] : [],
      setLegend: [(plot) => figure.querySelector('.u-legend').classList.toggle('idle', plot.legend.idx === null)],
    },
  };
}

function legendOf(chart, lines, figure) {
  const isBlock = chart.shape === 'stack';
  return {
    markers: {
      width: 2,
      stroke: (_, index) => `var(--${lines[index - 1].colour})`,
      fill: (_, index) => (isBlock ? `var(--${lines[index - 1].colour})` : 'none'),
      dash: (_, index) => lines[index - 1].line,
    },
    mount: (_, legend) => {
      legend.classList.add('idle');
      legend.classList.toggle('blocks', isBlock);
      legend.setAttribute('role', 'presentation');
      figure.insertBefore(legend, figure.querySelector('.plot'));
    },
  };
}

/** Runs `draw` with the plotting area as the only place where it can draw. */
function within(plot, draw) {
  const { left, top, width, height: tall } = plot.bbox;
  plot.ctx.save();
  plot.ctx.beginPath();
  plot.ctx.rect(left, top, width, tall);
  plot.ctx.clip();
  draw(plot.ctx, (seconds) => plot.valToPos(seconds, 'x', true), plot.bbox);
  plot.ctx.restore();
}

/** When nodes were away, and where phases begin. */
function drawBehind(plot) {
  within(plot, (context, at, box) => {
    context.fillStyle = `${colour('bad')}1c`;
    for (const { fromSeconds, toSeconds } of run.marks.outages) {
      context.fillRect(at(fromSeconds), box.top, at(toSeconds) - at(fromSeconds), box.height);
    }
    context.strokeStyle = colour('quiet');
    for (const { fromSeconds } of run.marks.phases.slice(1)) drawUpright(context, at(fromSeconds), box, [1, 4]);
  });
}

/** A vertical line on whole pixels, so that it is as sharp everywhere. */
function drawUpright(context, position, box, dash) {
  context.lineWidth = Math.floor(1.5 * uPlot.pxRatio);
  const x = Math.round(position) + (context.lineWidth % 2) / 2;
  context.setLineDash(dash.map((length) => length * uPlot.pxRatio));
  context.beginPath();
  context.moveTo(x, box.top);
  context.lineTo(x, box.top + box.height);
  context.stroke();
}

/** A line an event, numbered above where there is room, and when operations stalled; on wide charts, phases' names. */
function drawBefore(plot, isWide) {
  within(plot, (context, at, box) => {
    for (const { atSeconds, tone } of run.marks.events) {
      context.strokeStyle = colour(toneLooks[tone].colour);
      drawUpright(context, at(atSeconds), box, toneLooks[tone].dash);
    }
    context.fillStyle = colour('stall');
    const strip = 5 * uPlot.pxRatio;
    for (const { fromSeconds, toSeconds } of run.marks.stalls) {
      const width = Math.max(at(toSeconds) - at(fromSeconds), 2 * uPlot.pxRatio);
      context.fillRect(at(fromSeconds), box.top + box.height - strip, width, strip);
    }
    if (isWide) drawPhaseNames(context, at, box);
  });
  drawNumbers(plot);
}

/** Each where it has room before the next phase. */
function drawPhaseNames(context, at, box) {
  const gap = 6 * uPlot.pxRatio;
  context.fillStyle = colour('quiet');
  context.font = font(11 * uPlot.pxRatio);
  context.textAlign = 'left';
  context.textBaseline = 'top';
  for (const [index, { name, fromSeconds }] of run.marks.phases.entries()) {
    const left = at(fromSeconds) + gap;
    const end = at(run.marks.phases[index + 1]?.fromSeconds ?? run.seconds);
    if (left + context.measureText(name).width < end) context.fillText(name, left, box.top + gap);
  }
}

function drawNumbers({ ctx: context, bbox: box, valToPos }) {
  const radius = 8 * uPlot.pxRatio;
  let free = Number.NEGATIVE_INFINITY;
  context.save();
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.font = font(10 * uPlot.pxRatio);
  context.lineWidth = 1.25 * uPlot.pxRatio;
  for (const { number, atSeconds, tone } of run.marks.events) {
    const x = valToPos(atSeconds, 'x', true);
    if (x < box.left || x > box.left + box.width || x - radius < free) continue;
    free = x + radius;
    const y = box.top - radius - 3 * uPlot.pxRatio;
    context.strokeStyle = context.fillStyle = colour(toneLooks[tone].colour);
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.stroke();
    context.fillText(number, x, y + uPlot.pxRatio / 2);
  }
  context.restore();
}

/** Lets the keyboard do what the pointer can: hide a line, and go along the chart, whose values are then read out. */
function takeKeys(plot, chart, figure) {
  for (const [index, name] of [...figure.querySelectorAll('.u-series > th')].entries()) {
    if (index === 0) continue;
    name.tabIndex = 0;
    name.setAttribute('role', 'button');
    name.setAttribute('aria-pressed', 'true');
    name.addEventListener('click', () => name.setAttribute('aria-pressed', String(plot.series[index].show)));
    name.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      name.click();
    });
  }
  const steps = {
    ArrowLeft: -1,
    ArrowRight: 1,
    PageUp: -10,
    PageDown: 10,
    Home: Number.NEGATIVE_INFINITY,
    End: Number.POSITIVE_INFINITY,
  };
  figure.querySelector('.plot').addEventListener('keydown', (event) => {
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const at = Math.min(Math.max((plot.cursor.idx ?? -1) + step, 0), chart.xs.length - 1);
    plot.setCursor({ left: plot.valToPos(chart.xs[at], 'x'), top: 0 }, true, true);
    const values = chart.series.map(({ label, values: all }) => `${label} ${valueText(chart, all[at])}`);
    figure.querySelector('.readout').textContent = `${acrosses[chart.x].value(chart.xs[at])}: ${values.join(', ')}`;
  });
}

function valueText(chart, value) {
  return value === null || value === undefined ? '–' : units[chart.unit].value(value);
}

/** The chart's values as a table, made when it is first asked for. */
function fillTable(chart, details) {
  const table = document.createElement('table');
  table.className = 'numeric';
  const row = (parent, cells, tag) => {
    const line = parent.insertRow();
    for (const [index, text] of cells.entries()) {
      const cell = line.appendChild(document.createElement(index === 0 ? 'th' : tag));
      cell.scope = tag === 'th' ? 'col' : 'row';
      cell.textContent = text;
    }
  };
  row(table.createTHead(), [acrosses[chart.x].name, ...chart.series.map(({ label }) => label)], 'th');
  const body = table.createTBody();
  for (const [at, across] of chart.xs.entries()) {
    row(
      body,
      [acrosses[chart.x].value(across), ...chart.series.map(({ values }) => valueText(chart, values[at]))],
      'td',
    );
  }
  details.querySelector('.scroll').append(table);
}

function draw(chart) {
  const figure = document.getElementById(chart.id);
  const place = figure.querySelector('.plot');
  const lines = linesOf(chart).map(({ drawn }) => drawn);
  const plot = new uPlot(options(chart, figure.clientWidth, figure), [chart.xs, ...lines], place);
  plots.push(plot);
  takeKeys(plot, chart, figure);
  new ResizeObserver(() => {
    if (figure.clientWidth !== plot.width) plot.setSize({ width: figure.clientWidth, height: plot.height });
  }).observe(figure);
  figure.querySelector('details').addEventListener('toggle', (event) => fillTable(chart, event.target), { once: true });
}

for (const chart of run.charts) draw(chart);
for (const query of ['(prefers-color-scheme: dark)', 'print']) {
  matchMedia(query).addEventListener('change', () => {
    for (const plot of plots) plot.redraw();
  });
}
