/**
 * An application's definition: the parsed and validated {@code winnow.yaml}.
 *
 * <p>{@link io.winnow.core.application.ApplicationFile} reads it and reports every problem at once;
 * the records here are what the other modules work with. All are immutable.
 */
@NullMarked
package io.winnow.core.application;

import org.jspecify.annotations.NullMarked;
