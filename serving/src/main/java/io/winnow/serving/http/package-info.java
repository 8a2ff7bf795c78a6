/**
 * The HTTP adapter: requests in, JSON and problem details (RFC 9457) out.
 *
 * <p>One table of {@link io.winnow.serving.http.Route}s decides what exists, which key scope it
 * needs, which parameters it takes and what {@code /openapi.json} says. A request passes the {@link
 * io.winnow.serving.http.Dispatcher}: route, key, body, bound on concurrency, handler, answer. A
 * virtual thread carries each connection, so handlers block. Every failure is an answer with an
 * {@link io.winnow.core.ErrorCode}; none shows a stack trace.
 */
@NullMarked
package io.winnow.serving.http;

import org.jspecify.annotations.NullMarked;
