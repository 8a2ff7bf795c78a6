/**
 * Off-policy estimates: what a release would have earned on the requests that another one answered.
 * In: shown items with their propensities under the policy that showed them and under the
 * candidate. Out: values with intervals and effective sample sizes.
 */
@NullMarked
package io.winnow.experiments.offpolicy;

import org.jspecify.annotations.NullMarked;
