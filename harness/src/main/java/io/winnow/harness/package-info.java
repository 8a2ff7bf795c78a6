/**
 * The servers that Winnow can stand on, as processes of their own: for tests and benchmarks of the
 * code that talks to them, and for killing them in the middle of it.
 *
 * <p>Each server listens on a free port of the loopback address, keeps its data and its log file in
 * a temporary folder that {@code close()} deletes, and ends with this JVM at the latest. {@code
 * kill()} is SIGKILL: what the server had not handed to the operating system is lost. {@code
 * restart()} goes on with the same folder and port. Not thread-safe, except where a method says so.
 */
@NullMarked
package io.winnow.harness;

import org.jspecify.annotations.NullMarked;
