/* Draws the charts of the report from the JSON in #charts. Runs in the browser, after uPlot. */
/* global uPlot */
;(() => {
  'use strict'
  const charts = JSON.parse(document.getElementById('charts').textContent)
  const height = 250
  const dashes = [[], [], [6, 3], [2, 2], [8, 3, 2, 3], [], [6, 3], [2, 2]]
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()
  const short = (value) => (value == null ? '–' : String(Number(value.toPrecision(4))))
  const plots = new Map()

  const options = (chart, width, logarithmic) => {
    const axis = {
      stroke: colour('--ink'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { stroke: colour('--line'), width: 1 },
      font: '12px system-ui, sans-serif'
    }
    return {
      width,
      height,
      padding: [12, 14, 0, 0],
      cursor: { drag: { x: false, y: false } },
      scales: {
        x: { time: false },
        y: logarithmic
          ? { distr: 3 }
          : chart.range
            ? { range: chart.range }
            : { range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.05 : 1] }
      },
      axes: [axis, { ...axis, size: 58, values: (_, ticks) => ticks.map((tick) => (tick == null ? '' : short(tick))) }],
      series: [
        { label: 'step', value: (_, value) => short(value) },
        ...chart.series.map(({ label }, index) => ({
          label,
          stroke: colour('--s' + (index % 8)),
          width: index === 0 ? 2.5 : 1.75,
          dash: dashes[index % 8],
          spanGaps: true,
          value: (_, value) => short(value)
        }))
      ]
    }
  }

  // A logarithmic axis has no place for zero or less.
  const dataOf = (chart, logarithmic) => [
    chart.steps,
    ...chart.series.map(({ values }) =>
      logarithmic ? values.map((value) => (value !== null && value > 0 ? value : null)) : values
    )
  ]

  const draw = (chart, logarithmic) => {
    const holder = document.getElementById(chart.id)
    const earlier = plots.get(chart.id)
    if (earlier) earlier.plot.destroy()
    const plot = new uPlot(options(chart, holder.clientWidth, logarithmic), dataOf(chart, logarithmic), holder)
    plots.set(chart.id, { plot, logarithmic, chart })
    // Points may lie closer than pixels, so the legend is told the index, not only the cursor's place.
    let at = chart.steps.length - 1
    plot.over.addEventListener('pointermove', () => {
      at = plot.cursor.idx ?? at
    })
    const point = (index) => {
      at = index
      plot.setCursor({ left: plot.valToPos(chart.steps[index], 'x'), top: plot.over.clientHeight / 2 })
      plot.setLegend({ idx: index })
    }
    holder.onkeydown = (event) => {
      const last = chart.steps.length - 1
      const moves = { ArrowLeft: at - 1, ArrowRight: at + 1, PageUp: at - 10, PageDown: at + 10, Home: 0, End: last }
      const next = moves[event.key]
      if (next === undefined || event.target !== holder) return
      event.preventDefault()
      point(Math.max(0, Math.min(last, next)))
    }
    for (const name of holder.querySelectorAll('.u-legend .u-series:not(:first-child) th')) {
      name.tabIndex = 0
      name.setAttribute('role', 'button')
      name.onkeydown = (event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return
        event.preventDefault()
        name.click()
      }
    }
  }

  const redraw = () => plots.forEach(({ chart, logarithmic }) => draw(chart, logarithmic))
  charts.forEach((chart) => draw(chart, false))
  for (const button of document.querySelectorAll('.toggle')) {
    button.onclick = () => {
      const { chart, logarithmic } = plots.get(button.dataset.for)
      button.setAttribute('aria-pressed', String(!logarithmic))
      draw(chart, !logarithmic)
    }
  }
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw)
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const { plot } = plots.get(target.id)
      if (target.clientWidth > 0 && target.clientWidth !== plot.width) plot.setSize({ width: target.clientWidth, height })
    }
  })
  charts.forEach(({ id }) => observer.observe(document.getElementById(id)))
})()
