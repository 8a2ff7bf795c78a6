package io.winnow.serving.http;

import java.util.function.Supplier;

/**
 * A read-only page beside the interface, such as the demo's report.
 *
 * @param contentType such as {@code text/html; charset=utf-8}
 * @param body called for each request; thread-safe
 */
public record Page(String contentType, Supplier<byte[]> body) {}
