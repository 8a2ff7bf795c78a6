package io.winnow.lifecycle.trainingset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ItemId;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.RecordSource;
import io.winnow.features.FeatureSchema;
import io.winnow.lifecycle.TestApplications;
import io.winnow.lifecycle.trainingset.Provenance.Rows;
import io.winnow.lifecycle.trainingset.TrainingRow.Origin;
import io.winnow.lifecycle.trainingset.TrainingSetExporter.Config;
import io.winnow.lifecycle.trainingset.TrainingSetExporter.Limits;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files themselves: read back here, and by DuckDB, whose reader shares no code with ours. */
final class TrainingSetFilesTest {
  private static final float[] EXTREMES = {
    0f,
    -0f,
    1f,
    Float.NaN,
    Float.intBitsToFloat(0x7fc00001),
    Float.intBitsToFloat(0xffc12345),
    Float.MIN_VALUE,
    -Float.MIN_VALUE,
    Float.intBitsToFloat(0x007fffff),
    Float.MAX_VALUE,
    -Float.MAX_VALUE,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY
  };
  private static final TrainingSetSchema SCHEMA =
      new TrainingSetSchema(
          List.of("user.few", "user x category.many", "item.any"), List.of("click", "long_view"));

  @TempDir Path folder;

  private static List<TrainingRow> rows(int count) {
    RandomGenerator random = new Seed(9).generator("rows");
    List<TrainingRow> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Origin origin =
          i % 3 == 0
              ? new Origin.Happened(i % 2 == 0 ? null : "r", "watch", i % 4 == 0 ? Double.NaN : -i)
              : new Origin.Shown("réquest " + i, i % 10, 1.0 / (1 + i), "r-1", i % 5 == 0);
      float[] features = {
        EXTREMES[i % EXTREMES.length],
        Float.intBitsToFloat(random.nextInt()),
        random.nextInt(4) == 0 ? EXTREMES[random.nextInt(EXTREMES.length)] : random.nextFloat()
      };
      rows.add(
          new TrainingRow(
              new UserId("用户-" + i % 100 + "😀"),
              new ItemId("ítem \u0301" + i % 1000),
              1_772_366_400_000L + i,
              i == 7 ? Long.MAX_VALUE : i * 3L,
              origin,
              features,
              new float[] {i % 2, 0}));
    }
    return rows;
  }

  private static String text(TrainingRow row) {
    StringBuilder text = new StringBuilder();
    text.append(row.user()).append('|').append(row.item()).append('|').append(row.timeMs());
    text.append('|').append(row.asOfOffset()).append('|').append(row.origin());
    for (float[] values : List.of(row.features(), row.labels())) {
      for (float value : values) {
        // Every NaN is written as the one NaN.
        int bits = Float.isNaN(value) ? 0x7fc00000 : Float.floatToRawIntBits(value);
        text.append('|').append(Integer.toHexString(bits));
      }
    }
    return text.toString();
  }

  private Path write(String name, List<TrainingRow> rows, int rowGroupRows) throws IOException {
    Path file = folder.resolve(name);
    try (PartWriter writer = new PartWriter(file, SCHEMA, rowGroupRows)) {
      for (TrainingRow row : rows) {
        writer.write(row);
      }
      Map<String, String> metadata = new LinkedHashMap<>();
      metadata.put("one", "1");
      metadata.put("zwei", "ß");
      writer.finish(metadata);
    }
    return file;
  }

  @Test
  void read_whatWasWritten_isTheSameBits() throws IOException {
    // Enough for many pages, dictionaries that overflow, and several row groups.
    for (int count : new int[] {0, 1, 999, 60_000}) {
      List<TrainingRow> rows = rows(count);
      List<TrainingRow> read = new ArrayList<>();
      try (PartReader reader = PartReader.open(write("rows-" + count, rows, 25_000))) {
        assertEquals(Map.of("one", "1", "zwei", "ß"), reader.metadata());
        assertEquals(count, reader.rows());
        reader.forEach(SCHEMA, read::add);
      }
      assertEquals(count, read.size());
      for (int i = 0; i < count; i++) {
        assertEquals(text(rows.get(i)), text(read.get(i)));
        for (float value : read.get(i).features()) {
          if (Float.isNaN(value)) {
            assertEquals(0x7fc00000, Float.floatToRawIntBits(value), "the canonical NaN");
          }
        }
      }
    }
  }

  @Test
  void duckDb_readsTheSameBits() throws IOException, SQLException {
    List<TrainingRow> rows = rows(26_000);
    Path file = write("part-00000.parquet", rows, 25_000);
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = connection.createStatement();
        ResultSet found =
            statement.executeQuery(
                "SELECT *, epoch_ms(\"time\") AS ms FROM read_parquet('" + file + "')")) {
      for (TrainingRow row : rows) {
        assertTrue(found.next());
        assertEquals(row.user().value(), found.getString("user"));
        assertEquals(row.item().value(), found.getString("item"));
        assertEquals(row.timeMs(), found.getLong("ms"));
        assertEquals(row.asOfOffset(), found.getLong("as_of_offset"));
        assertEquals(row.origin().requestId(), found.getString("request_id"));
        switch (row.origin()) {
          case Origin.Shown shown -> {
            assertEquals(shown.position(), found.getObject("position"));
            assertEquals(shown.propensity(), found.getObject("propensity"));
            assertEquals(shown.release(), found.getString("release"));
            assertEquals("impression", found.getString("event_type"));
            assertEquals(shown.replayed(), found.getBoolean("replayed"));
          }
          case Origin.Happened happened -> {
            assertEquals(null, found.getObject("position"));
            assertEquals(null, found.getObject("propensity"));
            assertEquals(null, found.getObject("release"));
            assertEquals(happened.type(), found.getString("event_type"));
            Object value = found.getObject("value");
            assertEquals(happened.value(), value == null ? Double.NaN : (Double) value);
          }
        }
        for (int f = 0; f < row.features().length; f++) {
          assertEquals(
              Float.floatToIntBits(row.features()[f]),
              Float.floatToRawIntBits(found.getFloat(SCHEMA.features().get(f))));
        }
        assertEquals(row.labels()[0], found.getFloat("label_click"));
      }
      assertTrue(!found.next());
    }
  }

  @Test
  void duckDb_readsTheFolderWithItsMetadata() throws SQLException {
    ShownWorld world = new ShownWorld(600);
    ApplicationFile clips = TestApplications.clips();
    Path set = folder.resolve("set");
    TrainingSetManifest manifest =
        new TrainingSetExporter(clips, FeatureSchema.of(world.application), () -> 5)
            .export(
                RecordSource.of(world.records),
                set,
                new Config(Rows.IMPRESSIONS, null, null, List.of(), new Limits(100, 40, 1 << 16)));
    List<TrainingRow> rows = new ArrayList<>();
    TrainingSetReader.open(set).forEach(rows::add);
    assertTrue(manifest.parts().size() > 1, "parts " + manifest.parts().size());
    String files = "read_parquet('" + set.resolve("*.parquet") + "')";
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = connection.createStatement()) {
      List<String> names = FeatureSchema.of(world.application).names();
      for (int f = 0; f < names.size(); f++) {
        int column = f;
        // Counts: whole numbers, whose sums are exact.
        double sum = rows.stream().mapToDouble(row -> row.features()[column]).sum();
        assertTrue(sum > 0, names.get(f));
        assertEquals(
            sum, number(statement, "SELECT sum(\"" + names.get(f) + "\"::DOUBLE) FROM " + files));
      }
      assertEquals(
          rows.stream().mapToDouble(row -> row.labels()[0]).sum(),
          number(statement, "SELECT sum(label_click) FROM " + files));
      long after = rows.get(rows.size() / 2).timeMs();
      assertEquals(
          (double) rows.stream().filter(row -> row.timeMs() > after).count(),
          number(
              statement,
              "SELECT count(*) FROM "
                  + files
                  + " WHERE \"time\" > make_timestamptz("
                  + after
                  + "000)"),
          "row groups that are skipped by their bounds hold no such row");
      try (ResultSet metadata =
          statement.executeQuery(
              "SELECT key, value FROM parquet_kv_metadata('"
                  + set.resolve("part-00000.parquet")
                  + "')")) {
        Map<String, String> found = new LinkedHashMap<>();
        while (metadata.next()) {
          found.put(text(metadata.getBytes(1)), text(metadata.getBytes(2)));
        }
        assertEquals("100", found.get("winnow.rows"));
        assertEquals(ProvenanceJson.line(manifest.provenance()), found.get("winnow.provenance"));
      }
    }
  }

  private static String text(byte[] utf8) {
    return new String(utf8, StandardCharsets.UTF_8);
  }

  private static double number(Statement statement, String sql) throws SQLException {
    try (ResultSet result = statement.executeQuery(sql)) {
      assertTrue(result.next());
      return result.getDouble(1);
    }
  }
}
