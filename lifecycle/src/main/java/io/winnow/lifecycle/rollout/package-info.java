/**
 * The way of a release to its users: offline gate, shadow, canary, live, and back where a guardrail
 * breaks.
 */
@NullMarked
package io.winnow.lifecycle.rollout;

import org.jspecify.annotations.NullMarked;
