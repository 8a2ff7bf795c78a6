/**
 * A seeded world of people and videos that answers slates.
 *
 * <p>In: a {@link io.winnow.simulator.WorldConfig} and the time 'now'. Out of {@link
 * io.winnow.simulator.World}: the log records of the days before now, then visits, one after the
 * other, and for each slate that a recommender shows the visitor, the events it leads to. Since the
 * world knows its people, it also tells the true click probabilities and the best slate.
 *
 * <p>Tastes are not a dot product: interest counts only in the right mood and saturates, quality
 * multiplies, the hour decides how long a video may be, repetition tires, one topic leads to
 * another and an episode to the next, news goes stale, the crowd sways some and repels others, and
 * places further down are seen less. So popularity helps, a person's categories help more, and what
 * a person does right now helps most.
 *
 * <p>{@link io.winnow.simulator.ClickLog} is apart from that world: an impression log whose true
 * probabilities follow from what it holds, to measure how near a ranker comes to them.
 *
 * <p>Item attributes: {@code category}, {@code creator}, {@code title} (text), {@code duration}
 * (seconds), {@code published} (time). User attributes: {@code age_group}, {@code country}. Events:
 * {@code click}, {@code watch} (value in seconds), {@code like}.
 *
 * <p>All is simulated time, epoch milliseconds. The same configuration, now and slates give the
 * same events, byte for byte. Not thread-safe: a world has one driver.
 */
@NullMarked
package io.winnow.simulator;

import org.jspecify.annotations.NullMarked;
