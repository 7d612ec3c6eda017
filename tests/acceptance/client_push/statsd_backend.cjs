// A backend of the StatsD server that prints what it flushes as lines of JSON.
exports.init = (startup, config, events) => {
  events.on('flush', (timestamp, metrics) => {
    const { counters, gauges, timers, timer_counters: timerCounters } = metrics;
    process.stdout.write(`flush ${JSON.stringify({ counters, gauges, timers, timerCounters })}\n`);
  });
  return true;
};
