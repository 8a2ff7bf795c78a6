/**
 * Files of other systems become log records.
 *
 * <p>In: a folder with delimited text or NDJSON, plain or gzip, and what its columns mean ({@link
 * io.winnow.core.application.Imports}). Out: {@link io.winnow.core.LogRecord}s in the order of
 * their times, users and items first, and an {@link io.winnow.events.importing.ImportReport} that
 * accounts for every row. Event ids derive from the content, so that importing twice adds nothing.
 */
@NullMarked
package io.winnow.events.importing;

import org.jspecify.annotations.NullMarked;
