/**
 * The event log: what comes in is validated, deduplicated by event id, written to disk and only
 * then acknowledged.
 *
 * <p>In: {@link io.winnow.core.LogRecord}s from HTTP and importers. Out: the same records, in one
 * order, from any offset, as often as wanted. Everything else that Winnow knows is a {@link
 * io.winnow.events.LogFold} over it.
 */
@NullMarked
package io.winnow.events;

import org.jspecify.annotations.NullMarked;
