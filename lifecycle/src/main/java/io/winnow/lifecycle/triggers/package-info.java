/**
 * Reasons to train before the schedule says so, each as a number with its threshold: what was
 * served, what users did and what the log holds, compared with the time of the champion. Nothing
 * here orders a training.
 */
@NullMarked
package io.winnow.lifecycle.triggers;

import org.jspecify.annotations.NullMarked;
