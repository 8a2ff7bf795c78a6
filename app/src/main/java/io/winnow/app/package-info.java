/**
 * The composition root: the command line, and later the wiring of all parts. Each command is a
 * class; {@link io.winnow.app.Main} lists them.
 *
 * <p>Results go to standard output, messages and logs to standard error, and the exit code says who
 * can mend a failure.
 */
@NullMarked
package io.winnow.app;

import org.jspecify.annotations.NullMarked;
