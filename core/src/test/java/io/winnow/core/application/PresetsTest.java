package io.winnow.core.application;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Entity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

final class PresetsTest {
  static final List<String> NAMES = Presets.NAMES;

  @TempDir private Path folder;

  @ParameterizedTest
  @FieldSource("NAMES")
  void load_everyPreset_hasWhatARankerNeeds(String name) {
    ApplicationFile file = Presets.load(name, Map.of());
    ApplicationDefinition application = file.definition();

    assertEquals(name, application.name());
    assertEquals(Presets.text(name), file.text());
    List<FeatureDefinition> features = application.features();
    assertEquals(
        features.size(),
        new HashSet<>(features.stream().map(FeatureDefinition::qualifiedName).toList()).size());
    for (Entity entity :
        List.of(Entity.USER, Entity.ITEM, Entity.USER_ITEM, new Entity.Request())) {
      assertTrue(features.stream().anyMatch(f -> entity.equals(f.entity())), entity.toString());
    }
    assertTrue(features.stream().anyMatch(f -> f.aggregation() instanceof Aggregation.LastItems));
    assertTrue(
        features.stream()
            .anyMatch(f ->
                f.entity().equals(Entity.USER_ITEM)
                    && f.aggregation() instanceof Aggregation.SinceEvent));
    assertFalse(application.objectives().list().isEmpty());
    assertEquals(10, application.policy().serving().slate());
  }

  /** Figures are published for these: another feature makes them figures of something else. */
  @ParameterizedTest
  @CsvSource({"movielens-100k, 29", "movielens-1m, 28", "movielens, 28", "online-retail, 25"})
  void load_measuredDataSet_hasTheFeaturesOfItsFigures(String name, int features) {
    assertEquals(features, Presets.load(name, Map.of()).definition().features().size());
  }

  @Test
  void load_unknown_namesTheNearest() {
    WinnowException e =
        assertThrows(WinnowException.class, () -> Presets.load("movielens-10k", Map.of()));
    assertEquals(ErrorCode.NOT_FOUND, e.code());
    assertTrue(
        String.valueOf(e.getMessage()).contains("did you mean 'movielens-100k'"), e.toString());
  }

  @Test
  void load_shorts_speaksTheSimulatorsLanguage() {
    ApplicationDefinition shorts = Presets.load("shorts", Map.of()).definition();
    assertEquals(
        Map.of(
            "title", AttributeType.TEXT,
            "category", AttributeType.STRING,
            "creator", AttributeType.STRING,
            "duration", AttributeType.SECONDS,
            "published", AttributeType.TIME),
        shorts.schema().itemAttributes());
    assertEquals(List.of("click", "watch", "like"), List.copyOf(shorts.schema().events().keySet()));
    assertEquals("long_view", shorts.objectives().list().get(1).name());
    assertEquals("watch.value >= 30.0", shorts.objectives().list().get(1).when().toString());
  }

  @Test
  void load_movielens1m_ordersByPositionWhereTimesAreMissing() {
    Imports imports = Presets.load("movielens-1m", Map.of()).definition().imports();
    Imports.Column time = imports.events().get(1).columns().get("time");
    Imports.Column.OrderedTime ordered = assertInstanceOf(Imports.Column.OrderedTime.class, time);
    assertEquals("position", ordered.order());
    assertEquals(new Imports.Column.Named("timestamp", "epoch_seconds", ""), ordered.time());
    assertEquals("::", imports.events().getFirst().format().delimiter());
  }

  @Test
  void load_onlineRetail_readsItsTimesAndConditions() {
    Imports.Table table =
        Presets.load("online-retail", Map.of()).definition().imports().events().getFirst();
    Imports.Column.Named time =
        assertInstanceOf(Imports.Column.Named.class, table.columns().get("time"));
    DateTimeFormatter format = DateTimeFormatter.ofPattern(time.pattern(), Locale.ENGLISH);
    LocalDateTime expected = LocalDateTime.of(2010, 12, 1, 8, 26);
    assertEquals(expected, LocalDateTime.parse("2010-12-01 08:26:00", format));
    assertEquals(expected, LocalDateTime.parse("2010-12-01 08:26", format));
    assertEquals(expected, LocalDateTime.parse("12/1/2010 8:26", format));
    assertEquals(List.of("CustomerID present", "Quantity > 0", "UnitPrice > 0"), table.where());
  }

  @ParameterizedTest
  @CsvSource({
    "u.data u.item u.user, movielens-100k",
    "u.data.gz u.item.gz, movielens-100k",
    "ratings.dat movies.dat users.dat, movielens-1m",
    "ratings.csv.gz movies.dat.gz users.dat.gz, movielens-1m",
    "ratings.csv movies.csv links.csv tags.csv, movielens",
    "online_retail.csv.gz, online-retail",
    "Online Retail.csv, online-retail",
  })
  void detect_knownFiles_findsThePreset(String files, String preset) throws IOException {
    List<String> names =
        preset.equals("online-retail") ? List.of(files) : List.of(files.split(" "));
    for (String name : names) {
      Files.createFile(folder.resolve(name));
    }
    assertEquals(Optional.of(preset), Presets.detect(folder));
    assertEquals(preset, ApplicationFile.forDataset(folder, null, Map.of()).definition().name());
  }

  @Test
  void forDataset_nothingKnown_listsWhatWasLookedFor() throws IOException {
    Files.createFile(folder.resolve("ratings.csv"));
    assertEquals(Optional.empty(), Presets.detect(folder));
    WinnowException e =
        assertThrows(
            WinnowException.class, () -> ApplicationFile.forDataset(folder, null, Map.of()));
    assertEquals(ErrorCode.NOT_FOUND, e.code());
    for (String expected : List.of("winnow.yaml", "u.data", "movies.csv", "online_retail.csv")) {
      assertTrue(String.valueOf(e.getMessage()).contains(expected), e.toString());
    }
  }

  @Test
  void forDataset_fileInFolderOrGiven_winsOverThePreset() throws IOException {
    Files.createFile(folder.resolve("u.data"));
    Files.createFile(folder.resolve("u.item"));
    Files.writeString(folder.resolve("winnow.yaml"), "{ application: mine, events: [click] }");
    Path given = folder.resolve("given.yaml");
    Files.writeString(given, "{ application: given, events: [click] }");

    assertEquals("mine", ApplicationFile.forDataset(folder, null, Map.of()).definition().name());
    assertEquals("given", ApplicationFile.forDataset(folder, given, Map.of()).definition().name());
  }
}
