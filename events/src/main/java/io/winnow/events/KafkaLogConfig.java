package io.winnow.events;

import io.winnow.core.WinnowException;
import io.winnow.core.application.Engines;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Which topic the log is, what is kept beside it, and how much it takes.
 *
 * @param kafka the brokers and the topic
 * @param folder holds the id index and the lock, nothing that the topic cannot restore; made if it
 *     is missing
 * @param limits the bounds of one call and of what is on its way; {@code queueRecords} and {@code
 *     queueBytes} bound what was sent and is not acknowledged
 * @param answerWithin how long an append, a replay without progress, or the opening waits for Kafka
 *     before it fails with {@code UNAVAILABLE}; at least a second
 */
public record KafkaLogConfig(
    Engines.LogEngine.Kafka kafka,
    Path folder,
    EventLogConfig.Limits limits,
    Duration answerWithin) {
  private static final Duration ANSWER_WITHIN_MIN = Duration.ofSeconds(1);
  private static final Duration ANSWER_WITHIN_MAX = Duration.ofMinutes(10);

  /** Checks how long it waits. */
  public KafkaLogConfig {
    if (answerWithin.compareTo(ANSWER_WITHIN_MIN) < 0
        || answerWithin.compareTo(ANSWER_WITHIN_MAX) > 0) {
      throw WinnowException.invalid(
          "answer_within", answerWithin, ANSWER_WITHIN_MIN + " to " + ANSWER_WITHIN_MAX);
    }
  }

  /** The default limits; an answer within ten seconds. */
  public static KafkaLogConfig of(Engines.LogEngine.Kafka kafka, Path folder) {
    return new KafkaLogConfig(kafka, folder, EventLogConfig.Limits.DEFAULT, Duration.ofSeconds(10));
  }

  int answerWithinMs() {
    return Math.toIntExact(answerWithin.toMillis());
  }
}
