/**
 * The ranker against the truth: an impression log whose probabilities are known, and the simple
 * models that a ranker has to beat on it.
 */
@NullMarked
package io.winnow.benchmarks.ranker;

import org.jspecify.annotations.NullMarked;
