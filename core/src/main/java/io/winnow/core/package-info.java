/**
 * The vocabulary of Winnow: what users, items, events and log records are, and how failures are
 * named.
 *
 * <p>Every other module speaks in these types. They are immutable and thread-safe. Times are Unix
 * epoch milliseconds in a {@code long} whose name ends in {@code Ms}; an application's definition
 * (the parsed {@code winnow.yaml}) is in {@link io.winnow.core.application}.
 */
@NullMarked
package io.winnow.core;

import org.jspecify.annotations.NullMarked;
