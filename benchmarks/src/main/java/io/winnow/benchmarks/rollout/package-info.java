/**
 * Bad releases, and what they really do to users: the parts of {@code bench rollout} that need no
 * server.
 */
@NullMarked
package io.winnow.benchmarks.rollout;

import org.jspecify.annotations.NullMarked;
