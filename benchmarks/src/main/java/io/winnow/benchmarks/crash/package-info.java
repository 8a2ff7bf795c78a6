/**
 * Kills a process that appends to the log, again and again, and counts what was lost.
 *
 * <p>{@link io.winnow.benchmarks.crash.CrashBenchmark} starts child processes whose main method
 * calls {@link io.winnow.benchmarks.crash.CrashWorker}, reads what they were told is on disk, kills
 * them with SIGKILL at seeded moments, and compares. A kill takes the process away at any
 * instruction; what it does not show is a loss of power, in which the disk's own cache goes, too.
 */
@NullMarked
package io.winnow.benchmarks.crash;

import org.jspecify.annotations.NullMarked;
