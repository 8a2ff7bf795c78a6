package io.winnow.core.application;

import io.winnow.core.application.Retraining.Schedule;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a server does by itself beside training: {@code jobs}.
 *
 * @param batch when slates of all users are written, or null for only when asked
 * @param compaction when releases that nobody needs are deleted and stores are compacted
 * @param keep which releases are needed
 */
public record Jobs(@Nullable Schedule batch, Schedule compaction, Keep keep) {
  /** What is done where the application file says nothing. */
  public static final Jobs DEFAULT =
      new Jobs(null, new Schedule.Every(Duration.ofDays(1)), new Keep(20, Duration.ofDays(30)));

  /**
   * Releases whose files are not deleted, besides those that an alias or a rollout names.
   *
   * @param releases the newest ones
   * @param window those that served within this time, by the ledger, or were made within it
   */
  public record Keep(int releases, Duration window) {}
}
