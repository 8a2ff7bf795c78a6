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
}
