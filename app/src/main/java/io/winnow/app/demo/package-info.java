/**
 * The parts of {@code winnow demo}: simulated people in two arms who use a running Winnow over
 * HTTP, and the report of what came of it.
 *
 * <p>In: a {@link io.winnow.simulator.World}, a log, a feature store and the address of a server
 * over them. Out: a {@link io.winnow.app.demo.DemoReport}, as text and as the data of the page at
 * {@code /}. Times are the world's, in epoch milliseconds, except latencies, which are real.
 */
@NullMarked
package io.winnow.app.demo;

import org.jspecify.annotations.NullMarked;
