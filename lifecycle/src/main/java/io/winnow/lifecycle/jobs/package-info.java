/**
 * Jobs: what is done to a Winnow from time to time, on one of its servers: training, the offline
 * gate, the ladder's steps, slates for all users, features, tidying up. {@code JobQueue} takes
 * orders and knows what became of each; {@code JobRunner} carries them out on a scheduler whose
 * state is in the registry's database, so that several servers share the work and a server that
 * dies loses none of it.
 */
@NullMarked
package io.winnow.lifecycle.jobs;

import org.jspecify.annotations.NullMarked;
