/**
 * The event log: what comes in is validated, deduplicated by event id, written to disk and only
 * then acknowledged.
 *
 * <p>In: {@link io.winnow.core.LogRecord}s from HTTP and importers. Out: the same records, in one
 * order, from any offset, as often as wanted. Everything else that Winnow knows is a {@link
 * io.winnow.events.LogFold} over it.
 *
 * <p>The embedded log is a folder of append-only segments; {@code Frame} gives their layout and
 * {@link io.winnow.events.LogCodec} that of a record. The index of event ids beside them is a fold,
 * too: it may be deleted. The Kafka log is a topic with one partition, the same records in the same
 * order, which several servers write and follow. {@link io.winnow.events.EventLogs} opens either.
 *
 * <p>Whoever asks what came of a slate joins outcomes with impressions by {@link
 * io.winnow.events.LastTouch}.
 */
@NullMarked
package io.winnow.events;

import org.jspecify.annotations.NullMarked;
