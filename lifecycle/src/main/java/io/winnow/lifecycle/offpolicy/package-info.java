/**
 * What a release would have earned on the requests of a log, before it is ever shown. In: the log,
 * whose impressions hold their propensities, and a release. Out: a {@link
 * io.winnow.lifecycle.offpolicy.ReleaseValue} with intervals and the reasons not to believe it.
 */
@NullMarked
package io.winnow.lifecycle.offpolicy;

import org.jspecify.annotations.NullMarked;
