package io.winnow.events;

import io.winnow.core.TimeSource;
import io.winnow.core.application.Schema;
import java.util.List;
import java.util.function.Supplier;

/** Opens event logs. */
public final class EventLogs {
  private EventLogs() {}

  /**
   * Opens the log in a folder, mends what a crash left, and replays to each fold what it has not
   * seen.
   *
   * @param schema what records must look like
   * @param folds fed in the order given; the log does not close them
   * @throws io.winnow.core.WinnowException {@code UNAVAILABLE} if the folder is in use or cannot be
   *     read or written; {@code CORRUPT} if a later release wrote it
   */
  public static EventLog open(
      EventLogConfig config, Schema schema, TimeSource clock, List<LogFold> folds) {
    return open(config, () -> schema, clock, folds);
  }

  /** The same with a schema that may come to take more while the log is open. */
  public static EventLog open(
      EventLogConfig config, Supplier<Schema> schema, TimeSource clock, List<LogFold> folds) {
    return EmbeddedEventLog.open(config, schema, clock, folds, LogFile::open);
  }

  /**
   * Reads the beginning of a log in a folder, beside the process that has it open if there is one.
   * Nothing in the folder is changed, locked or mended.
   *
   * @param toOffset the end of what is read; that process told it as its log's end before
   * @throws io.winnow.core.WinnowException {@code INVALID_ARGUMENT} if the folder holds no log,
   *     {@code UNAVAILABLE} if it cannot be read, {@code CORRUPT} if a later release wrote it
   */
  public static RecordSource readPrefix(EventLogConfig config, long toOffset) {
    return PrefixView.open(config, toOffset);
  }

  /**
   * Opens the log in a Kafka topic, which is made if it is missing, and replays to each fold what
   * it has not seen. A fold that has seen what the topic does not hold is told to {@linkplain
   * LogFold#discard() forget}. Several servers may open one topic, each with a folder of its own.
   *
   * @param schema what records must look like
   * @param folds fed in the order given; the log does not close them
   * @throws io.winnow.core.WinnowException {@code UNAVAILABLE} if Kafka does not answer in time, or
   *     the folder is in use or cannot be read or written; {@code INVALID_ARGUMENT} if the topic
   *     has several partitions or is compacted; {@code CORRUPT} if it has lost its beginning
   */
  public static EventLog openKafka(
      KafkaLogConfig config, Schema schema, TimeSource clock, List<LogFold> folds) {
    return openKafka(config, () -> schema, clock, folds);
  }

  /** The same with a schema that may come to take more while the log is open. */
  public static EventLog openKafka(
      KafkaLogConfig config, Supplier<Schema> schema, TimeSource clock, List<LogFold> folds) {
    return KafkaEventLog.open(config, schema, clock, folds);
  }
}
