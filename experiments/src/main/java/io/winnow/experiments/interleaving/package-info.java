/** Interleaving: one slate from two rankers, credit for what users choose, and its test. */
@NullMarked
package io.winnow.experiments.interleaving;

import org.jspecify.annotations.NullMarked;
