/**
 * A simulated day through a server that is killed in the middle: are served features those that a
 * replay computes? {@link io.winnow.benchmarks.day.DayBenchmark} starts {@link
 * io.winnow.benchmarks.day.DayServer}s and audits what they logged.
 */
@NullMarked
package io.winnow.benchmarks.day;

import org.jspecify.annotations.NullMarked;
