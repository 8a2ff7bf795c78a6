package io.winnow.lifecycle.trainingset;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.RecordSource;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.FeatureSchema;
import io.winnow.features.PointInTimeReplay;
import io.winnow.lifecycle.TestApplications;
import io.winnow.lifecycle.TrainingRequest;
import io.winnow.lifecycle.TrainingRequests;
import io.winnow.lifecycle.trainingset.Provenance.Rows;
import io.winnow.lifecycle.trainingset.TrainingRow.Origin;
import io.winnow.lifecycle.trainingset.TrainingSetExporter.Config;
import io.winnow.lifecycle.trainingset.TrainingSetExporter.Limits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class TrainingSetExporterTest {
  private static final long NOW_MS = 1_772_366_400_000L;

  private final ShownWorld world = new ShownWorld(900);
  private final ApplicationFile clips = TestApplications.clips();

  @TempDir Path folder;
  private int sets;

  private TrainingSetManifest export(
      ApplicationFile application, List<LogRecord> log, Path to, Config config) {
    return new TrainingSetExporter(application, FeatureSchema.of(world.application), () -> NOW_MS)
        .export(RecordSource.of(log), to, config);
  }

  private List<TrainingRow> rows(ApplicationFile application, List<LogRecord> log, Config config) {
    Path to = folder.resolve("set-" + sets++);
    TrainingSetManifest manifest = export(application, log, to, config);
    List<TrainingRow> rows = read(to);
    assertEquals(manifest.counts().rows(), rows.size());
    return rows;
  }

  private static List<TrainingRow> read(Path set) {
    List<TrainingRow> rows = new ArrayList<>();
    TrainingSetReader.open(set).forEach(rows::add);
    return rows;
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    return bits;
  }

  private static String id(TrainingRow row) {
    return row.origin() instanceof Origin.Shown shown
        ? shown.requestId() + ":" + shown.position()
        : "";
  }

  private static ApplicationFile withOtherFeatures() {
    return ApplicationFile.parse(
        clipsText()
            .replace("user: {", "user: { watched_2d: sum(watch.value) over 2d, ")
            .replace(
                "item: { clicks_1d: count(click) over 1d",
                "item: { clicks_1d: count(click) over 5d"),
        "clips.yaml",
        Map.of());
  }

  private static String clipsText() {
    return TestApplications.clips().text();
  }

  @Test
  void export_impressions_haveTheValuesThatWereUsed_orReplayed() {
    List<TrainingRow> rows = rows(clips, world.records, Config.all(Rows.IMPRESSIONS));
    assertEquals(world.served.size() - waiting(), rows.size());
    List<TrainingRow> degraded = new ArrayList<>();
    for (TrainingRow row : rows) {
      Origin.Shown origin = (Origin.Shown) row.origin();
      assertEquals("release-1", origin.release());
      assertEquals(1.0 / (1 + origin.position()), origin.propensity());
      if (origin.replayed()) {
        degraded.add(row);
      } else {
        assertArrayEquals(bits(world.served.get(id(row))), bits(row.features()), id(row));
      }
    }
    assertTrue(degraded.size() > 30 && degraded.size() < rows.size() / 2, "" + degraded.size());
    assertReplayed(clips, degraded, FeatureSchema.of(world.application).names());
  }

  /** Impressions that had not come when the log ended. */
  private int waiting() {
    long logged =
        world.records.stream()
            .filter(r -> r instanceof LogRecord.Happened(Event e) && e.impression() != null)
            .count();
    return (int) (world.served.size() - logged);
  }

  @Test
  void export_labels_areThoseThatTrainingJoins() {
    TrainingRequests requests = new TrainingRequests(world.application);
    RecordSource.of(world.records).replay(requests);
    Map<String, float[]> expected = new HashMap<>();
    for (TrainingRequest.Shown slate : requests.slates()) {
      for (int i = 0; i < slate.items().size(); i++) {
        expected.put(
            slate.user() + " " + slate.items().get(i) + " " + slate.timeMs(),
            Arrays.copyOfRange(slate.labels(), i * 2, i * 2 + 2));
      }
    }
    int clicked = 0;
    List<TrainingRow> rows = rows(clips, world.records, Config.all(Rows.IMPRESSIONS));
    for (TrainingRow row : rows) {
      float[] labels = expected.get(row.user() + " " + row.item() + " " + row.timeMs());
      assertArrayEquals(labels, row.labels());
      clicked += row.labels()[0] > 0 ? 1 : 0;
    }
    assertTrue(clicked > 100 && clicked < rows.size(), "clicked " + clicked);
  }

  @Test
  void export_featuresThatWereNotServed_areReplayedAsOfTheRequest() {
    ApplicationFile other = withOtherFeatures();
    List<TrainingRow> rows = rows(other, world.records, Config.all(Rows.IMPRESSIONS));
    assertTrue(rows.stream().allMatch(row -> ((Origin.Shown) row.origin()).replayed()));
    assertReplayed(other, rows, List.of("user.watched_2d", "item.clicks_1d"));
    int clicks7d = FeatureSchema.of(other.definition()).names().indexOf("item.clicks_7d");
    int before = FeatureSchema.of(world.application).names().indexOf("item.clicks_7d");
    int same = 0;
    for (TrainingRow row : rows) {
      if (world.logged(id(row))) {
        assertEquals(world.served.get(id(row))[before], row.features()[clicks7d], "as served");
        same++;
      }
    }
    assertTrue(same > 100, "logged " + same);
  }

  /** Compares some columns with a replay of all rows' requests at once. */
  private void assertReplayed(
      ApplicationFile application, List<TrainingRow> rows, List<String> columns) {
    FeatureSchema schema = FeatureSchema.of(application.definition());
    int[] compared = {0, 0};
    PointInTimeReplay.play(
        RecordSource.of(world.records),
        application.definition(),
        rows.stream().mapToLong(TrainingRow::asOfOffset).sorted().toArray(),
        (index, reader) -> {
          TrainingRow row = rows.get(index);
          int item = reader.catalog().indexOf(row.item());
          float[] expected =
              reader
                  .read(new FeatureQuery(row.user(), new int[] {item}, Map.of(), row.timeMs()))
                  .values();
          for (String name : columns) {
            int column = schema.names().indexOf(name);
            assertEquals(
                Float.floatToRawIntBits(expected[column]),
                Float.floatToRawIntBits(row.features()[column]),
                name);
            compared[expected[column] > 0 ? 0 : 1]++;
          }
        });
    assertTrue(compared[0] > 100 && compared[1] > 10, Arrays.toString(compared));
  }

  @Test
  void export_events_haveTheValuesBeforeThem() {
    List<TrainingRow> rows = rows(clips, world.records, Config.all(Rows.EVENTS));
    long events =
        world.records.stream()
            .filter(r -> r instanceof LogRecord.Happened(Event e) && e.impression() == null)
            .count();
    assertEquals(events, rows.size());
    for (TrainingRow row : rows) {
      Event event = ((LogRecord.Happened) world.records.get((int) row.asOfOffset())).event();
      Origin.Happened origin = (Origin.Happened) row.origin();
      assertEquals(event.item(), row.item());
      assertEquals(event.type(), origin.type());
      assertEquals(event.value(), origin.value());
      assertEquals(event.type().equals("click") ? 1 : 0, row.labels()[0], "counts for itself");
    }
    assertReplayed(clips, rows, FeatureSchema.of(world.application).names());
  }

  @Test
  void export_laterEvents_changeNoValue() {
    int cut = world.records.size() / 2;
    UserId user = new UserId("u1");
    List<LogRecord> planted = new ArrayList<>(world.records.subList(0, cut));
    for (int item = 0; item < 60; item++) {
      long timeMs = world.records.get(cut / 2).timeMs() + item;
      planted.add(ShownWorld.click(user, new ItemId("i" + item), timeMs, "planted " + item));
    }
    int shift = planted.size() - cut;
    for (LogRecord behind : world.records.subList(cut, world.records.size())) {
      planted.add(shifted(behind, cut, shift));
    }
    for (ApplicationFile application : List.of(clips, withOtherFeatures())) {
      List<TrainingRow> before = rows(application, world.records, Config.all(Rows.IMPRESSIONS));
      Map<String, TrainingRow> after = new HashMap<>();
      rows(application, planted, Config.all(Rows.IMPRESSIONS))
          .forEach(row -> after.put(id(row), row));
      assertEquals(before.size(), after.size());
      int same = 0;
      int different = 0;
      for (TrainingRow row : before) {
        TrainingRow now = after.get(id(row));
        if (row.asOfOffset() <= cut || !((Origin.Shown) row.origin()).replayed()) {
          assertArrayEquals(bits(row.features()), bits(now.features()));
          same++;
        } else if (!Arrays.equals(row.features(), now.features())) {
          different++;
        }
      }
      assertTrue(same > 100, "rows before the plant: " + same);
      assertTrue(different > 0, "a replay behind it sees it");
    }
  }

  /** An impression that saw records behind the plant sees them at their new offsets. */
  private static LogRecord shifted(LogRecord record, long cut, int shift) {
    if (!(record instanceof LogRecord.Happened(Event event)) || event.impression() == null) {
      return record;
    }
    Impression shown = event.impression();
    return new LogRecord.Happened(
        new Event(
            event.id(),
            event.type(),
            event.user(),
            event.item(),
            event.timeMs(),
            event.value(),
            event.requestId(),
            new Impression(
                shown.requestId(),
                shown.position(),
                shown.propensity(),
                shown.provenance(),
                shown.asOfOffset() + (shown.asOfOffset() > cut ? shift : 0),
                shown.schemaHash(),
                shown.features())));
  }

  @Test
  void export_again_givesTheSameBytes() throws IOException {
    Config config =
        new Config(Rows.IMPRESSIONS, null, null, List.of(), new Limits(300, 64, 1 << 16));
    TrainingSetManifest first = export(clips, world.records, folder.resolve("a"), config);
    TrainingSetManifest second = export(clips, world.records, folder.resolve("b"), config);
    assertEquals(first, second);
    assertTrue(first.parts().size() > 2, "parts: " + first.parts().size());
    long rows = 0;
    for (TrainingSetManifest.Part part : first.parts()) {
      assertEquals(
          -1,
          Files.mismatch(
              folder.resolve("a").resolve(part.file()), folder.resolve("b").resolve(part.file())));
      assertTrue(part.rows() <= 300);
      rows += part.rows();
    }
    assertEquals(first.counts().rows(), rows);
    try (Stream<Path> files = Files.list(folder.resolve("a"))) {
      assertEquals(first.parts().size() + 1, files.count(), "and _provenance.json");
    }
    List<TrainingRow> inParts = read(folder.resolve("a"));
    List<TrainingRow> inOne = rows(clips, world.records, Config.all(Rows.IMPRESSIONS));
    for (int i = 0; i < inOne.size(); i++) {
      assertEquals(id(inOne.get(i)), id(inParts.get(i)));
      assertArrayEquals(bits(inOne.get(i).features()), bits(inParts.get(i).features()));
    }
  }

  @Test
  void export_timesAndFeatures_selectRowsAndColumns() {
    long from = world.records.get(world.records.size() / 3).timeMs();
    long to = world.records.get(world.records.size() / 2).timeMs();
    Config config =
        new Config(
            Rows.IMPRESSIONS,
            from,
            to,
            List.of("item.clicks_7d", "user.clicks_1d"),
            Limits.DEFAULT);
    List<TrainingRow> all = rows(clips, world.records, Config.all(Rows.IMPRESSIONS));
    List<TrainingRow> some = rows(clips, world.records, config);
    List<TrainingRow> expected =
        all.stream().filter(row -> row.timeMs() >= from && row.timeMs() < to).toList();
    assertTrue(some.size() > 30 && some.size() < all.size() / 2, "rows " + some.size());
    assertEquals(expected.size(), some.size());
    List<String> names = FeatureSchema.of(world.application).names();
    for (int i = 0; i < some.size(); i++) {
      assertEquals(id(expected.get(i)), id(some.get(i)));
      assertArrayEquals(expected.get(i).labels(), some.get(i).labels());
      assertArrayEquals(
          new float[] {
            expected.get(i).features()[names.indexOf("item.clicks_7d")],
            expected.get(i).features()[names.indexOf("user.clicks_1d")]
          },
          some.get(i).features());
    }
  }

  @Test
  void export_unknownItemsAndLateImpressions_areLeftOutAndCounted() {
    List<LogRecord> log = new ArrayList<>(world.records);
    log.add(ShownWorld.click(new UserId("u1"), new ItemId("new"), NOW_MS, "new"));
    TrainingSetManifest events =
        export(clips, log, folder.resolve("unknown"), Config.all(Rows.EVENTS));
    assertEquals(1, events.counts().unknownItems());
    assertEquals(events.counts().rows(), events.counts().replayed());

    Config narrow = new Config(Rows.IMPRESSIONS, null, null, List.of(), new Limits(1000, 1000, 3));
    TrainingSetManifest all =
        export(
            withOtherFeatures(),
            world.records,
            folder.resolve("all"),
            Config.all(Rows.IMPRESSIONS));
    TrainingSetManifest late =
        export(withOtherFeatures(), world.records, folder.resolve("late"), narrow);
    assertTrue(late.counts().tooLate() > 10 && late.counts().rows() > 10, "" + late.counts());
    assertEquals(all.counts().rows(), late.counts().rows() + late.counts().tooLate());
    Map<String, TrainingRow> byId = new HashMap<>();
    read(folder.resolve("all")).forEach(row -> byId.put(id(row), row));
    for (TrainingRow row : read(folder.resolve("late"))) {
      assertArrayEquals(byId.get(id(row)).labels(), row.labels(), "labels stay with their rows");
      assertArrayEquals(byId.get(id(row)).features(), row.features());
    }
  }

  @Test
  void provenance_saysWhatItIsMadeOf_andListsDifferences() {
    TrainingSetManifest manifest =
        export(clips, world.records, folder.resolve("p"), Config.all(Rows.IMPRESSIONS));
    Provenance provenance = TrainingSetReader.open(folder.resolve("p")).manifest().provenance();
    assertEquals(manifest.provenance(), provenance);
    assertEquals(0, provenance.selection().fromOffset());
    assertEquals(world.records.size(), provenance.selection().toOffset());
    assertEquals(NOW_MS, provenance.source().createdMs());
    assertEquals("count(click) over 1d", provenance.features().getFirst().definition());
    assertEquals(
        world.application.features().getFirst().version(),
        provenance.features().getFirst().version());
    assertEquals(List.of(), provenance.differences(world.application));
    List<String> differences = provenance.differences(withOtherFeatures().definition());
    assertEquals(2, differences.size(), differences.toString());
    assertTrue(
        differences.get(0).startsWith("feature item.clicks_1d: count(click) over 1d (version "),
        differences.get(0));
    assertTrue(
        differences.get(1).startsWith("feature user.watched_2d: absent in the set, sum("),
        differences.get(1));
  }

  @Test
  void export_badInput_isRefusedAndLeavesNothing() throws IOException {
    Path to = folder.resolve("refused");
    List<String> unknown = List.of("item.clicks_8d");
    WinnowException feature =
        assertThrows(
            WinnowException.class,
            () ->
                export(
                    clips,
                    world.records,
                    to,
                    new Config(Rows.EVENTS, null, null, unknown, Limits.DEFAULT)));
    assertTrue(feature.getMessage().startsWith("features: item.clicks_8d"), feature.getMessage());
    assertTrue(feature.getMessage().contains("item.clicks_7d"), "names the nearest");
    WinnowException nothing =
        assertThrows(
            WinnowException.class,
            () -> export(clips, world.records.subList(0, 70), to, Config.all(Rows.IMPRESSIONS)));
    assertEquals("rows", nothing.problems().getFirst().field());
    assertFalse(Files.exists(to));
    Files.createDirectory(to);
    Files.writeString(to.resolve("mine.txt"), "mine");
    WinnowException taken =
        assertThrows(
            WinnowException.class, () -> export(clips, world.records, to, Config.all(Rows.EVENTS)));
    assertEquals(ErrorCode.CONFLICT, taken.code());
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(List.of(), left.filter(path -> path.toString().endsWith(".staging")).toList());
    }
  }

  @Test
  void read_damagedSet_isCorruptByName() throws IOException {
    Path set = folder.resolve("damaged");
    export(clips, world.records, set, Config.all(Rows.IMPRESSIONS));
    Path part = set.resolve("part-00000.parquet");
    byte[] whole = Files.readAllBytes(part);
    int refused = 0;
    for (int cut = 0; cut < whole.length; cut += 97) {
      Files.write(part, Arrays.copyOf(whole, cut));
      assertCorrupt(set);
      refused++;
    }
    byte[] other = whole.clone();
    other[200] ^= 1;
    Files.write(part, other);
    assertCorrupt(set);
    Files.delete(part);
    assertCorrupt(set);
    assertTrue(refused > 50, "cuts " + refused);
    WinnowException none =
        assertThrows(
            WinnowException.class, () -> TrainingSetReader.open(folder.resolve("no such")));
    assertEquals(ErrorCode.NOT_FOUND, none.code());
  }

  private static void assertCorrupt(Path set) {
    WinnowException refusal = assertThrows(WinnowException.class, () -> read(set));
    assertEquals(ErrorCode.CORRUPT, refusal.code());
    assertTrue(refusal.getMessage().startsWith("part-00000.parquet: "), refusal.getMessage());
  }
}
