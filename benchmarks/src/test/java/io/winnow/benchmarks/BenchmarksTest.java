package io.winnow.benchmarks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.benchmarks.Figures.Figure;
import io.winnow.benchmarks.day.DayBenchmark;
import io.winnow.benchmarks.ranker.RankerBenchmark;
import io.winnow.core.Event;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.events.RecordSource;
import io.winnow.models.Interactions;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each benchmark at a size at which only what it computes counts, not how long it takes. */
final class BenchmarksTest {
  private static final Seed SEED = new Seed(3);

  @TempDir Path folder;

  private static double value(Figures figures, String name) {
    Figure figure = figures.figures().get(name);
    return Objects.requireNonNull(figure, () -> name + " is missing in " + figures).value();
  }

  @Test
  void parity_smallDayWithAKill_findsNoDifference() {
    Figures figures = DayBenchmark.embedded(new DayBenchmark.Config(10_000, 5, folder));
    assertTrue(value(figures, "parity.events") > 9_900, figures.toText());
    assertTrue(value(figures, "parity.impressions") >= 300, figures.toText());
    assertTrue(value(figures, "parity.values") > 5_000, figures.toText());
    assertTrue(figures.hold(), figures.toText());
  }

  @Test
  void join_smallTables_agreesWithDuckDbAndSaysWhatItRan() {
    Figures figures =
        PointInTimeJoinBenchmark.run(
            new PointInTimeJoinBenchmark.Config(3_000, 2_000, 50, 1, 2, SEED));
    assertEquals(3_000, value(figures, "point_in_time.requests"));
    assertTrue(value(figures, "point_in_time.speedup_over_duckdb") > 0);
    String peer = figures.figures().get("point_in_time.join_seconds").peer().name();
    assertTrue(peer.contains("ASOF LEFT JOIN") && peer.contains("2 threads"), peer);
  }

  @Test
  void windows_fewEvents_areAllTakenIn() {
    WindowAggregation windows = new WindowAggregation(20_000, 500, 3, SEED);
    assertTrue(windows.inMemory() > 0);
    assertTrue(windows.durable(folder) > 0);
  }

  @Test
  void fiftyFeatures_asDeclared_areFifty() {
    assertEquals(FiftyFeatures.COLUMNS, FiftyFeatures.names().size());
    assertEquals(FiftyFeatures.ITEMS + 100, FiftyFeatures.records(100, SEED).size());
  }

  @Test
  void ann_fewVectors_recallAndScannedShareAreSound() {
    Figures figures = AnnBenchmark.run(new AnnBenchmark.Config(6_000, 20, SEED));
    for (String kind : List.of("clustered", "loose")) {
      for (String filter : List.of("all", "tenth", "hundredth")) {
        String name = kind + "." + filter;
        assertTrue(value(figures, name + ".recall_at_100") > 0.9, figures.toText());
        assertTrue(value(figures, name + ".scanned") <= 1, figures.toText());
        assertTrue(value(figures, name + ".queries_per_second") > 0, figures.toText());
      }
    }
    assertTrue(value(figures, "clustered.all.scanned") < 0.9, figures.toText());
    // Below a share allowed that is not worth a search both look at what is allowed.
    assertEquals(1, value(figures, "loose.hundredth.recall_at_100"));
  }

  @Test
  void training_fewEvents_measuresEveryTraining() {
    List<String> lines = new ArrayList<>();
    Figures figures =
        TrainingBenchmark.run(
            TrainingBenchmark.Config.generated(60, 50, 900, 60, SEED), lines::add);
    assertEquals(900, value(figures, "events"));
    assertTrue(value(figures, "encoder.seconds_per_epoch") > 0, figures.toText());
    assertTrue(value(figures, "als.events_per_second_core") > 0, figures.toText());
    assertTrue(value(figures, "ranker.examples_per_second") > 0, figures.toText());
    assertEquals(20, value(figures, "als.iterations"));
    assertTrue(value(figures, "ranker.epochs") > 1, figures.toText());
    assertEquals(2, lines.stream().filter(line -> line.startsWith("encoder: epoch")).count());
  }

  @Test
  void synthetic_asBigAsMovieLens_hasItsSizeAndNoPairTwice() {
    Interactions data = TrainingData.synthetic(SEED);
    assertEquals(6_040, data.userCount());
    assertEquals(3_416, data.itemCount());
    assertEquals(999_611, data.size(), 2_000);
    assertEquals(data.size(), TrainingData.pairs(data));
    int[] lengths =
        IntStream.range(0, data.userCount())
            .map(user -> data.userOffsets()[user + 1] - data.userOffsets()[user])
            .sorted()
            .toArray();
    assertTrue(lengths[0] >= 17, lengths[0] + " events");
    assertTrue(lengths[lengths.length - 1] > 1_000, lengths[lengths.length - 1] + " events");
  }

  @Test
  void sequences_folder_isReadOrRefusedByLine() throws IOException {
    Path file = folder.resolve("sasrec-sequences.txt.gz");
    write(file, "1 4\n1 2\n7 4\n");
    Interactions data = TrainingData.sequences(folder);
    assertEquals(4, data.itemCount());
    assertArrayEquals(new int[] {0, 2, 3}, data.userOffsets());
    assertArrayEquals(new int[] {3, 1, 3}, data.items());
    for (String bad : List.of("1 x", "1", "1 0", " 3", "")) {
      write(file, "1 4\n" + bad + "\n1 5\n");
      WinnowException e =
          assertThrows(WinnowException.class, () -> TrainingData.sequences(folder), bad);
      assertTrue(String.valueOf(e.getMessage()).contains("txt.gz:2: " + bad), e::getMessage);
    }
    WinnowException none =
        assertThrows(
            WinnowException.class, () -> TrainingData.sequences(folder.resolve("nowhere")));
    assertTrue(String.valueOf(none.getMessage()).startsWith("--dataset: "), none::getMessage);
  }

  private static void write(Path file, String text) throws IOException {
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(text.getBytes(StandardCharsets.US_ASCII));
    }
  }

  @Test
  void ranker_fewSlates_beatsLogisticRegressionAndStaysBelowTheTruth() {
    Figures figures =
        RankerBenchmark.run(RankerBenchmark.Config.defaults(SEED).withSlates(4_000), line -> {});
    assertEquals(40_000, value(figures, "rows"), figures.toText());
    assertEquals(3_000, value(figures, "rows.measured"), figures.toText());
    for (String objective : List.of("click", "long_view")) {
      double auc = value(figures, objective + ".logged_auc");
      assertTrue(auc > 0.68, figures.toText());
      assertTrue(value(figures, objective + ".lr.auc") > 0.55, figures.toText());
      assertTrue(value(figures, objective + ".fm.auc") > 0.55, figures.toText());
      assertTrue(value(figures, objective + ".ahead_of_lr") > 0.02, figures.toText());
      assertTrue(value(figures, objective + ".expected_auc_gap") > 0, figures.toText());
      assertTrue(value(figures, objective + ".ece") < 0.05, figures.toText());
    }
  }

  @Test
  void log_shortRuns_everyEventIsReplayed() {
    Figures figures = LogBenchmark.run(new LogBenchmark.Config(Duration.ofMillis(40), folder));
    for (String name : List.of("one_writer", "32_writers", "batches_of_1000")) {
      Figure figure =
          Objects.requireNonNull(
              figures.figures().get("append." + name + ".events_per_second"), name);
      assertTrue(figure.value() > 0, name);
      assertTrue(Objects.requireNonNull(figure.peer(), name).value() > 0, name);
    }
    assertTrue(value(figures, "log.events") >= 1_000);
    assertTrue(value(figures, "replay.events_per_second") > 0);
    assertTrue(value(figures, "open.ms") > 0);
  }

  @Test
  void sample_moreEventsThanAsked_drawsFromAllOfTheLog() {
    List<LogRecord> records =
        LongStream.range(0, 5_000)
            .mapToObj(number -> (LogRecord) new LogRecord.Happened(LogBenchmark.event(number)))
            .toList();
    Traffic traffic = Traffic.sample(RecordSource.of(records), 100, SEED);
    assertEquals(100, traffic.events().size());
    assertEquals(100, traffic.events().stream().map(Event::id).distinct().count());
    long latest =
        traffic.events().stream()
            .max(Comparator.comparingLong(Event::timeMs))
            .orElseThrow()
            .timeMs();
    assertTrue(latest > records.get(4_500).timeMs(), "nothing of the log's end was drawn");
  }

  @Test
  void all_malformedRequests_areDifferent() {
    List<String> requests =
        MalformedRequests.all().stream()
            .map(request -> new String(request.bytes(), StandardCharsets.ISO_8859_1))
            .toList();
    assertTrue(requests.size() > 400, requests.size() + " requests");
    assertEquals(requests.size(), requests.stream().distinct().count());
  }
}
