/**
 * The search for better settings: a space of settings, trials in an order that a seed decides, a
 * journal that outlives the process, and a budget of time.
 *
 * <p>In: a prefix of the log, by way of {@link io.winnow.lifecycle.ModelTrials}. Out: settings for
 * {@link io.winnow.lifecycle.TrainerSettings}. Nothing behind the prefix is read.
 */
@NullMarked
package io.winnow.lifecycle.tuning;

import org.jspecify.annotations.NullMarked;
