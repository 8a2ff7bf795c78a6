package io.winnow.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.LogRecord;
import io.winnow.core.WinnowException;
import io.winnow.events.EventLog.Verdict;
import io.winnow.events.EventLog.Verdict.Status;
import io.winnow.events.Samples.Recorder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The conformance suite over many small segments, and what is about files. */
final class EmbeddedEventLogTest extends EventLogConformance {
  private static final int SEGMENT_BYTES = 4096;

  @Override
  EventLog open(EventLogConfig.Limits limits, List<LogFold> folds) {
    return EventLogs.open(
        new EventLogConfig(folder, SEGMENT_BYTES, limits), Samples.SCHEMA, Samples.CLOCK, folds);
  }

  @Test
  void append_pastTheSegmentSize_goesOnInTheNext() throws IOException {
    try (EventLog log = open()) {
      log.append(Samples.mixed(3, 500));
      log.append(Samples.mixed(4, 10));
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertTrue(files.filter(f -> f.toString().endsWith(".log")).count() > 1, "rotated");
    }
  }

  @Test
  void append_indexAheadOfLog_forgetsIdsOfLostRecords() throws IOException {
    LogRecord event = Samples.click("lost", "u", "i");
    Recorder fold = new Recorder();
    try (EventLog log = Samples.open(folder, fold)) {
      log.append(List.of(Samples.click("kept", "u", "i"), event));
    }
    Path segment = segment(0);
    byte[] bytes = Files.readAllBytes(segment);
    Files.write(segment, java.util.Arrays.copyOf(bytes, bytes.length - 1));
    try (EventLog log = Samples.open(folder, fold)) {
      // The fold has seen offset 1, so that it is not given to another record.
      assertEquals(2, log.endOffset());
      Verdict verdict = log.append(List.of(event)).getFirst();
      assertEquals(new Verdict(Status.ACCEPTED, 2, null), verdict);
      assertEquals(2, Samples.replayed(log).size());
    }
    try (EventLog log = Samples.open(folder)) {
      assertEquals(3, log.endOffset());
    }
  }

  @Test
  void config_outOfRange_namesEveryField() {
    WinnowException refused =
        assertThrows(WinnowException.class, () -> new EventLogConfig.Limits(0, 1, 2, 0, 0, -1));
    assertEquals(4, refused.problems().size());
  }

  private Path segment(long base) {
    return folder.resolve("%019d.log".formatted(base));
  }
}
