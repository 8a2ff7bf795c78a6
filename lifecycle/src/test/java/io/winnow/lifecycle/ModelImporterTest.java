package io.winnow.lifecycle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.events.RecordSource;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import io.winnow.lifecycle.ModelImporter.EncoderFiles;
import io.winnow.lifecycle.ModelImporter.RankerFiles;
import io.winnow.lifecycle.RequestStages.Moment;
import io.winnow.lifecycle.RequestStages.Ranked;
import io.winnow.models.ranker.ItemFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Networks that PyTorch exported: {@code foreign/} was made by the scripts of docs/examples from
 * what {@link TrainingFiles} wrote of {@link TinyWorld}.
 */
final class ModelImporterTest {
  private static final long NOW_MS = TinyWorld.BEGIN_MS + 1000 * TinyWorld.STEP_MS;
  private static final List<LogRecord> RECORDS = TinyWorld.records(700);

  private static Release base;

  @TempDir Path folder;

  @BeforeAll
  static void train() {
    base =
        new Trainer(
                TestApplications.clips(),
                TinyWorld.config(1),
                () -> NOW_MS,
                TrainingProgress.silent())
            .train(RecordSource.of(RECORDS), RECORDS.size());
  }

  /** A copy, which a test may damage. */
  private Path foreign(String name) throws IOException {
    Path copy = folder.resolve(name);
    try (var in =
        Objects.requireNonNull(ModelImporterTest.class.getResourceAsStream("/foreign/" + name))) {
      Files.write(copy, in.readAllBytes());
    }
    return copy;
  }

  private EncoderFiles encoder() throws IOException {
    return new EncoderFiles(
        foreign("encoder.onnx"), foreign("item-vectors.npy"), foreign("items.txt"), null);
  }

  private RankerFiles ranker() throws IOException {
    return new RankerFiles(foreign("ranker.onnx"), foreign("ranker-inputs.txt"));
  }

  private static ModelImporter importer() {
    return new ModelImporter(() -> NOW_MS + 1, new Seed(1), 2);
  }

  private static List<Problem> refused(EncoderFiles encoder, RankerFiles ranker) {
    WinnowException refusal =
        assertThrows(WinnowException.class, () -> importer().join(base, encoder, ranker));
    assertEquals(ErrorCode.INVALID_ARGUMENT, refusal.code(), refusal.getMessage());
    return refusal.problems();
  }

  private static Ranked recommend(Release release, OnlineStore store, int user) {
    ServingRelease serving = new ServingRelease(release, store, new CallerRunsExecutor());
    Moment moment = serving.moment(new UserId("u" + user), Map.of(), _ -> true, NOW_MS);
    return serving.rank(moment, serving.retrieve(moment, Duration.ofMinutes(1)));
  }

  @Test
  void join_encoderAndRankerOfPyTorch_recommendAndAreAReleaseLikeAnyOther() throws Exception {
    Release joined = importer().join(base, encoder(), ranker());
    ReleaseStore store = new ReleaseStore(folder.resolve("releases"));
    base.publish(store);
    ReleaseManifest manifest = joined.publish(store);
    assertTrue(manifest.version().compareTo(base.version()) > 0);
    store.activate(base.version());
    store.activate(manifest.version());
    Release loaded = Release.load(store, manifest.version());
    try (OnlineStore features = OnlineStores.inMemory(base.definition())) {
      TinyWorld.append(features, RECORDS);
      int different = 0;
      for (int user = 0; user < 41; user++) {
        Ranked expected = recommend(joined, features, user);
        Ranked actual = recommend(loaded, features, user);
        assertArrayEquals(expected.items(), actual.items());
        assertArrayEquals(expected.scores(), actual.scores());
        assertTrue(actual.items().length > 10);
        for (float score : actual.scores()) {
          assertTrue(score >= 0 && score <= 3, "weights 1 and 2 times probabilities: " + score);
        }
        different +=
            Arrays.equals(actual.scores(), recommend(base, features, user).scores()) ? 0 : 1;
      }
      assertTrue(different > 30, different + " of 41");
    }
    store.activate(base.version());
    assertEquals(base.version(), store.active().orElseThrow());
  }

  @Test
  void join_tellsWhereTheFilesCameFrom() throws Exception {
    RankerFiles files = ranker();
    EncoderFiles encoderFiles = encoder();
    ReleaseManifest manifest = importer().join(base, encoderFiles, files).manifest();
    ReleaseManifest.Provenance provenance = manifest.provenance();
    assertEquals(base.version(), provenance.parent());
    assertEquals(base.manifest().provenance().toOffset(), provenance.toOffset());
    assertEquals(base.manifest().provenance().settings(), provenance.settings());
    assertEquals(
        List.of(
            imported("encoder", encoderFiles.network()),
            imported("item_vectors", encoderFiles.itemVectors()),
            imported("items", encoderFiles.items()),
            imported("ranker", files.network())),
        provenance.imported());
    assertTrue(base.manifest().metrics().containsKey("ranker.click.auc"));
    assertFalse(manifest.metrics().containsKey("ranker.click.auc"), "of a ranker that is gone");
  }

  private static ReleaseManifest.Imported imported(String role, Path file) throws Exception {
    byte[] content = Files.readAllBytes(file);
    return new ReleaseManifest.Imported(
        role,
        String.valueOf(file.getFileName()),
        content.length,
        HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content)));
  }

  @Test
  void join_rankerAlone_keepsTheEncoder() throws Exception {
    Release joined = importer().join(base, null, ranker());
    assertEquals(base.models(), joined.models());
    assertEquals(
        List.of("click", "long_view"), Objects.requireNonNull(joined.ranker()).spec().objectives());
    // A second import replaces the first's entry.
    Release again = importer().join(joined, null, ranker());
    assertEquals(1, again.manifest().provenance().imported().size());
  }

  @Test
  void join_itemsWithoutVector_areFoundByOtherSourcesOnly() throws Exception {
    Path vectors = foreign("item-vectors.npy");
    Path items = foreign("items.txt");
    NumpyFile.Matrix all = NumpyFile.readFloats(vectors);
    List<String> ids = Files.readAllLines(items);
    Files.write(items, ids.subList(1, ids.size()));
    NumpyFile.writeFloats(
        vectors,
        Arrays.copyOfRange(all.values(), all.columns(), all.values().length),
        all.rows() - 1,
        all.columns());
    Release joined =
        importer()
            .join(base, new EncoderFiles(foreign("encoder.onnx"), vectors, items, null), ranker());
    try (OnlineStore features = OnlineStores.inMemory(base.definition())) {
      TinyWorld.append(features, RECORDS);
      BoundRetrieval bound = new BoundRetrieval(joined, features, new CallerRunsExecutor());
      assertNull(bound.vector(features.catalog().indexOf(new ItemId(ids.get(0)))));
      int second = features.catalog().indexOf(new ItemId(ids.get(1)));
      assertArrayEquals(
          Arrays.copyOfRange(all.values(), all.columns(), 2 * all.columns()),
          assertNotNullVector(bound.vector(second)));
    }
  }

  private static float[] assertNotNullVector(float[] vector) {
    assertNotNull(vector);
    return vector;
  }

  @Test
  void join_encoderUnderARankerThatReadsVectors_wantsARankerToo() throws Exception {
    assertEquals(8, Objects.requireNonNull(base.ranker()).spec().embeddingSize());
    List<Problem> problems = refused(encoder(), null);
    assertEquals(1, problems.size(), problems.toString());
    assertEquals("encoder", problems.getFirst().field());
  }

  @Test
  void join_encoderUnderARankerThatReadsHistories_leavesItWhatItComparesByAttributes()
      throws Exception {
    TrainerConfig tiny = TinyWorld.config(1);
    TrainerConfig.Split split = tiny.split();
    TrainerConfig withoutVectors =
        new TrainerConfig(
            tiny.seed(),
            tiny.threads(),
            new TrainerConfig.Split(
                split.rankerShare(),
                split.minChoices(),
                split.minSlateOutcomes(),
                split.minRankerRequests(),
                split.maxRankerRequests(),
                false,
                split.history()),
            tiny.encoder(),
            tiny.encoderRefit(),
            tiny.linear(),
            tiny.ranker());
    Release trained =
        new Trainer(
                TestApplications.clips(), withoutVectors, () -> NOW_MS, TrainingProgress.silent())
            .train(RecordSource.of(RECORDS), RECORDS.size());
    assertNotNull(Objects.requireNonNull(trained.ranker()).spec().history());
    Release joined = importer().join(trained, encoder(), null);
    assertEquals(List.of(), joined.models().tokenizer().vocabulary(), "of the encoder that went");
    try (OnlineStore features = OnlineStores.inMemory(base.definition())) {
      TinyWorld.append(features, RECORDS);
      int[] items = {0, 1, 2, 3};
      List<ItemFacts> before =
          new BoundRetrieval(trained, features, new CallerRunsExecutor()).facts().of(items);
      List<ItemFacts> after =
          new BoundRetrieval(joined, features, new CallerRunsExecutor()).facts().of(items);
      for (int i = 0; i < items.length; i++) {
        assertEquals(1, after.get(i).attributes().length, "its category");
        assertArrayEquals(before.get(i).attributes(), after.get(i).attributes());
      }
      assertArrayEquals(after.get(0).attributes(), after.get(3).attributes(), "both of c0");
    }
  }

  @Test
  void addRefusal_failureThatIsNoFilesFault_goesOn() {
    Path file = Path.of("encoder.onnx");
    List<Problem> problems = new ArrayList<>();
    WinnowException failure = new WinnowException(ErrorCode.UNAVAILABLE, "interrupted");
    assertSame(
        failure,
        assertThrows(
            WinnowException.class, () -> ModelImporter.addRefusal(problems, file, failure)));
    ModelImporter.addRefusal(problems, file, WinnowException.invalid("opset", 1, "13"));
    assertEquals(List.of(new Problem("opset", "1", "13", "encoder.onnx")), problems);
  }

  @Test
  void join_columnsInAnotherOrder_areNamedWithTheirLines() throws Exception {
    RankerFiles files = ranker();
    List<String> names = new ArrayList<>(Files.readAllLines(files.inputs()));
    Collections.swap(names, 1, 2);
    Files.write(files.inputs(), names);
    List<Problem> problems = refused(null, files);
    assertEquals(2, problems.size(), problems.toString());
    assertEquals(files.inputs() + ":2", problems.getFirst().location());
    assertEquals("item.clicks_7d", problems.getFirst().value());
    assertEquals("item.clicks_1d, in this place", problems.getFirst().expectation());
    names.removeLast();
    Files.write(files.inputs(), names);
    assertTrue(
        refused(null, files).getFirst().toString().contains("24 names (expected: 25 names)"));
  }

  @Test
  void join_filesInEachOthersPlace_areRefusedWithEveryPort() throws Exception {
    EncoderFiles right = encoder();
    RankerFiles wrong = new RankerFiles(right.network(), foreign("ranker-inputs.txt"));
    List<String> told = refused(null, wrong).stream().map(Problem::toString).sorted().toList();
    assertTrue(
        told.stream().allMatch(problem -> problem.startsWith(right.network() + ": ranker.")),
        told.toString());
    assertTrue(told.toString().contains("ranker.inputs.features: missing"), told.toString());
    assertTrue(told.toString().contains("ranker.outputs.query: float"), told.toString());
  }

  @Test
  void join_problemsOfBothNetworks_areToldTogether() throws Exception {
    EncoderFiles encoder = encoder();
    RankerFiles ranker = ranker();
    byte[] onnx = Files.readAllBytes(encoder.network());
    Files.write(encoder.network(), Arrays.copyOf(onnx, onnx.length / 2));
    Files.writeString(ranker.network(), "not a network");
    List<Problem> problems = refused(encoder, ranker);
    assertEquals(2, problems.size(), problems.toString());
    assertEquals(encoder.network().toString(), problems.get(0).location());
    assertEquals(ranker.network().toString(), problems.get(1).location());
  }

  @Test
  void join_vectorsThatDoNotFit_areRefused() throws Exception {
    EncoderFiles files = encoder();
    NumpyFile.Matrix all = NumpyFile.readFloats(files.itemVectors());
    List<String> ids = Files.readAllLines(files.items());

    Files.write(files.items(), ids.subList(0, 3));
    assertTrue(refused(files, ranker()).getFirst().toString().contains("3 lines (expected: 66"));

    List<String> twice = new ArrayList<>(ids);
    twice.set(5, ids.get(2));
    Files.write(files.items(), twice);
    Problem second = refused(files, ranker()).getFirst();
    assertEquals(files.items() + ":6", second.location());
    assertTrue(second.value().endsWith("as in line 3"), second.value());

    List<String> unknown = new ArrayList<>(ids);
    unknown.set(0, "somewhere-else");
    Files.write(files.items(), unknown);
    assertTrue(refused(files, ranker()).toString().contains("[somewhere-else]"));
    Files.write(files.items(), ids);

    float[] values = all.values().clone();
    values[9] = Float.NaN;
    NumpyFile.writeFloats(files.itemVectors(), values, all.rows(), all.columns());
    assertEquals("[1, 1]", refused(files, ranker()).getFirst().field());

    // Another width is another network's.
    NumpyFile.writeFloats(files.itemVectors(), new float[66 * 5], 66, 5);
    assertTrue(
        refused(files, ranker())
            .toString()
            .contains(
                "encoder.inputs.history: float (any, any, 8) (expected: float (any, any, 5))"));
  }

  @Test
  void join_lengthBeyondItsRange_isRefused() throws Exception {
    EncoderFiles files = encoder();
    EncoderFiles endless =
        new EncoderFiles(files.network(), files.itemVectors(), files.items(), 1001);
    assertEquals("max-length", refused(endless, ranker()).getFirst().field());
  }

  @Test
  void join_nothingOrNoFile_isRefused() throws Exception {
    assertEquals("model", refused(null, null).getFirst().field());
    RankerFiles files = ranker();
    WinnowException missing =
        assertThrows(
            WinnowException.class,
            () ->
                importer()
                    .join(
                        base, null, new RankerFiles(folder.resolve("none.onnx"), files.inputs())));
    assertEquals(ErrorCode.NOT_FOUND, missing.code());
    assertTrue(String.valueOf(missing.getMessage()).contains("none.onnx"));
  }
}
