package io.winnow.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.WinnowException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is read of a log that another process has open. */
final class PrefixViewTest {
  private static final int BATCHES = 60;
  private static final int BATCH = 50;

  @TempDir private Path folder;

  @Test
  void replay_besideAWriter_isWhatWasAcknowledgedAtItsOpening() throws Exception {
    List<LogRecord> records = new ArrayList<>();
    for (int i = 0; i < BATCHES * BATCH; i++) {
      records.add(Samples.click("e" + i, "u" + i % 7, "i" + i % 11));
    }
    int views = 0;
    try (EventLog log = EventLogs.open(config(), Samples.SCHEMA, Samples.CLOCK, List.of());
        ExecutorService threads = Executors.newSingleThreadExecutor()) {
      Future<?> writer =
          threads.submit(() -> {
            for (int i = 0; i < BATCHES; i++) {
              log.append(records.subList(i * BATCH, (i + 1) * BATCH));
            }
          });
      while (views == 0 || !writer.isDone()) {
        long end = log.endOffset();
        RecordSource view = EventLogs.readPrefix(config(), end);
        assertEquals(end, view.endOffset());
        assertEquals(records.subList(0, (int) end), all(view));
        views++;
      }
      writer.get();
      RecordSource half = EventLogs.readPrefix(config(), records.size() / 2);
      log.append(List.of(Samples.click("later", "u", "i")));
      assertEquals(records.subList(0, records.size() / 2), all(half));
    }
    assertTrue(views > 1, views + " views");
  }

  @Test
  void open_logInUse_changesNothingInItsFolder() throws IOException {
    try (EventLog log = EventLogs.open(config(), Samples.SCHEMA, Samples.CLOCK, List.of())) {
      log.append(Samples.mixed(1, 300));
      List<String> before = files();
      // A torn frame at the end, as an append on its way leaves it for a moment.
      Path last =
          folder.resolve(before.stream().filter(f -> f.endsWith(".log")).toList().getLast());
      long size = Files.size(last);
      Files.write(last, new byte[] {9, 0, 0, 0, 7}, java.nio.file.StandardOpenOption.APPEND);
      assertEquals(log.endOffset(), all(EventLogs.readPrefix(config(), log.endOffset())).size());
      assertEquals(before, files());
      assertEquals(size + 5, Files.size(last), "nothing was cut off");
    }
  }

  @Test
  void open_noLog_isRefusedByName() {
    WinnowException refused =
        assertThrows(
            WinnowException.class,
            () -> EventLogs.readPrefix(EventLogConfig.in(folder.resolve("nothing")), 1));
    assertEquals(ErrorCode.INVALID_ARGUMENT, refused.code());
    assertTrue(refused.getMessage().contains("nothing"), refused.getMessage());
  }

  private EventLogConfig config() {
    return new EventLogConfig(folder, 4096, EventLogConfig.Limits.DEFAULT);
  }

  private static List<LogRecord> all(RecordSource source) {
    List<LogRecord> records = new ArrayList<>();
    source.replay((_, record) -> records.add(record));
    return records;
  }

  private List<String> files() throws IOException {
    try (Stream<Path> list = Files.list(folder)) {
      return list.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
