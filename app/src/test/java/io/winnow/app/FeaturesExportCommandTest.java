package io.winnow.app;

import static io.winnow.app.CommandRun.run;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.EventLog;
import io.winnow.events.EventLogConfig;
import io.winnow.events.EventLogs;
import io.winnow.lifecycle.trainingset.TrainingRow;
import io.winnow.lifecycle.trainingset.TrainingSetReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FeaturesExportCommandTest {
  private static final long DAY_MS = 86_400_000;
  private static final String APPLICATION =
      """
      application: courses
      events: { open: {}, finish: { value: minutes } }
      features:
        user: { opens_1d: count(open) over 1d }
      objectives: { open: 1.0 }
      """;

  @TempDir private Path folder;

  /** Three opens of one item by one user, a day apart, from the epoch's second day on. */
  @BeforeEach
  void fill() {
    ApplicationFile application = ApplicationFile.parse(APPLICATION, "test", Map.of());
    DataFolder data = new DataFolder(folder.resolve("data"));
    data.keep(application);
    List<LogRecord> records = new ArrayList<>();
    records.add(new LogRecord.ItemPut(new ItemId("i"), Map.of(), true, 0));
    for (int day = 1; day <= 3; day++) {
      records.add(
          new LogRecord.Happened(
              new Event(
                  "e" + day, "open", new UserId("u"), new ItemId("i"), day * DAY_MS, Double.NaN)));
    }
    try (EventLog log =
        EventLogs.open(
            EventLogConfig.in(data.log()),
            application.definition().schema(),
            () -> 10 * DAY_MS,
            List.of())) {
      log.append(records);
    }
  }

  private String[] export(String out, String... more) {
    List<String> args =
        new ArrayList<>(
            List.of(
                "features",
                "export",
                "--data",
                folder.resolve("data").toString(),
                "--out",
                folder.resolve(out).toString()));
    args.addAll(List.of(more));
    return args.toArray(String[]::new);
  }

  private List<TrainingRow> rows(String out) {
    List<TrainingRow> rows = new ArrayList<>();
    TrainingSetReader.open(folder.resolve(out)).forEach(rows::add);
    return rows;
  }

  @Test
  void export_eventsOfSomeDays_writesAndSaysSo() throws Exception {
    CommandRun outcome =
        run(
            export(
                "set",
                "--rows",
                "events",
                "--from",
                "1970-01-03",
                "--to",
                "1970-01-04T00:00:01Z",
                "--json"));
    assertEquals(0, outcome.code(), outcome.err());
    JsonNode manifest = new ObjectMapper().readTree(outcome.out());
    assertEquals(2, manifest.at("/counts/rows").longValue());
    assertEquals("part-00000.parquet", manifest.at("/parts/0/file").textValue());
    assertEquals(
        List.of(2 * DAY_MS, 3 * DAY_MS), rows("set").stream().map(TrainingRow::timeMs).toList());
    assertTrue(run(export("again", "--rows", "events")).out().startsWith("3 rows, 1 features,"));
  }

  @Test
  void export_anotherApplicationFile_computesItsFeaturesAndIsNotKept() throws Exception {
    Path other = folder.resolve("other.yaml");
    Files.writeString(other, APPLICATION.replace("opens_1d", "opens_9d").replace("1d }", "9d }"));
    CommandRun outcome = run(export("set", "--rows", "events", "--app", other.toString()));
    assertEquals(0, outcome.code(), outcome.err());
    assertEquals(List.of(0f, 1f, 2f), rows("set").stream().map(row -> row.features()[0]).toList());
    assertEquals(
        APPLICATION, Files.readString(folder.resolve("data").resolve(ApplicationFile.NAME)));
  }

  @Test
  void export_badArguments_areRefusedByName() {
    refused("--rows: clicks", export("x", "--rows", "clicks"));
    refused("--from: yesterday", export("x", "--from", "yesterday"));
    refused("features: user.opens_2d", export("x", "--features", "user.opens_2d"));
    refused("rows: impressions", export("x"));
    assertFalse(Files.exists(folder.resolve("x")));
  }

  private static void refused(String message, String... args) {
    CommandRun outcome = run(args);
    assertEquals(2, outcome.code(), outcome.err());
    assertTrue(outcome.err().startsWith(message), outcome.err());
  }
}
