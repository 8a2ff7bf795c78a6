package io.winnow.app;

import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.Engines;
import io.winnow.events.EventLog;
import io.winnow.events.EventLogConfig;
import io.winnow.events.EventLogs;
import io.winnow.events.KafkaLogConfig;
import java.nio.file.Files;
import java.util.List;

/** The event log of a data folder that no server has open, without any state folded from it. */
final class StoppedLog {
  private StoppedLog() {}

  /**
   * Opens the log for reading.
   *
   * @throws WinnowException with {@code INVALID_ARGUMENT} if there is none, with {@code
   *     UNAVAILABLE} if another process has it
   */
  static EventLog open(DataFolder data, ApplicationDefinition application, TimeSource clock) {
    return switch (application.operations().engines().log()) {
      case Engines.LogEngine.Embedded _ -> {
        if (!Files.isDirectory(data.log())) {
          throw WinnowException.invalid("--data", data.path(), "a data folder with an event log");
        }
        yield EventLogs.open(EventLogConfig.in(data.log()), application.schema(), clock, List.of());
      }
      case Engines.LogEngine.Kafka kafka ->
          EventLogs.openKafka(
              KafkaLogConfig.of(kafka, data.of(kafka).log()),
              application.schema(),
              clock,
              List.of());
    };
  }
}
