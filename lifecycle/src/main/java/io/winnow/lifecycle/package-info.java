/**
 * From a log to a release that serves: training, the bundle on disk, and what the request path asks
 * of it.
 *
 * <p>In: a {@link io.winnow.events.RecordSource} and an application definition. Out: a {@link
 * io.winnow.lifecycle.Release}, one immutable, checksummed folder whose parts move together, and
 * {@link io.winnow.lifecycle.ServingRelease}, the same release bound to a live catalogue.
 */
@NullMarked
package io.winnow.lifecycle;

import org.jspecify.annotations.NullMarked;
