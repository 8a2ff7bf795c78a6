package io.winnow.models.ranker;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.models.network.Progress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

final class RankerTest {
  private static final Seed SEED = new Seed(7);
  private static final TimeSource CLOCK = TimeSource.system();

  private static TrainedRanker train(RankingExamples examples, RankerConfig config) {
    return new RankerTrainer(config, SEED, CLOCK).train(examples, Progress.silent());
  }

  private static RankerConfig config() {
    return RankerConfig.defaults().withLimits(6, 1000);
  }

  /** The network without cross and (nearly without) hidden layers: what a linear model can do. */
  private static RankerConfig linear() {
    return new RankerConfig(
        new RankerConfig.Network(1, 1, 0, 1, 0), RankerConfig.defaults().training());
  }

  @Test
  void train_plantedRule_beatsLinearModelAndIsCalibrated() {
    RankingExamples examples = Worlds.planted(2000, SEED);
    RankerMetrics deep = train(examples, config()).spec().metrics();
    RankerMetrics flat = train(examples, linear()).spec().metrics();
    assertTrue(
        deep.heads().getFirst().auc() > flat.heads().getFirst().auc() + 0.08,
        () -> deep + " against " + flat);
    assertTrue(deep.ndcg10() > flat.ndcg10() + 0.05, () -> deep + " against " + flat);
    for (RankerMetrics.Head head : deep.heads()) {
      assertTrue(head.auc() > 0.75, deep::toString);
      assertTrue(head.ece() < 0.03, deep::toString);
    }
  }

  @Test
  void load_whatWasTrained_givesTheSameMetrics() {
    RankingExamples examples = Worlds.planted(300, SEED);
    TrainedRanker trained = train(examples, config().withMembers(2));
    int from = examples.groupOffsets()[300 - 45 + 23];
    List<Float> scores = new ArrayList<>();
    float[] labels = new float[examples.rows() - from];
    try (Ranker ranker = Ranker.load(trained.onnx(), trained.spec())) {
      for (int r = 0; r < examples.requests(); r++) {
        int start = examples.groupOffsets()[r];
        if (start < from) {
          continue;
        }
        float[] probabilities = serve(ranker, examples, r);
        for (int i = 0; i < 20; i++) {
          labels[start - from + i] = examples.outcomes().labels()[(start + i) * 2];
          scores.add(probabilities[i * 2]);
        }
      }
    }
    float[] served = new float[scores.size()];
    for (int i = 0; i < served.length; i++) {
      served[i] = scores.get(i);
    }
    RankerMetrics.Head head = trained.spec().metrics().heads().getFirst();
    assertEquals(trained.spec().metrics().testRows(), served.length);
    assertEquals(head.logLoss(), RankingMeasures.logLoss(served, labels), 1e-5);
    assertEquals(head.auc(), RankingMeasures.auc(served, labels), 1e-5);
  }

  private static float[] serve(Ranker ranker, RankingExamples examples, int request) {
    int start = examples.groupOffsets()[request];
    float[] items = new float[20 * 4];
    for (int i = 0; i < 20; i++) {
      int item = examples.embeddings().items()[start + i];
      System.arraycopy(examples.embeddings().itemVectors(), item * 4, items, i * 4, 4);
    }
    float[] query =
        Arrays.copyOfRange(examples.embeddings().queryVectors(), request * 4, request * 4 + 4);
    float[] features = Arrays.copyOfRange(examples.features(), start * 4, (start + 20) * 4);
    return ranker.probabilities(features, 20, query, items);
  }

  @Test
  void train_twice_givesTheSameBytes() {
    RankingExamples examples = Worlds.planted(60, SEED);
    assertArrayEquals(train(examples, config()).onnx(), train(examples, config()).onnx());
  }

  @Test
  void train_twoAtOnce_givesTheSameBytesAsAlone() throws Exception {
    RankingExamples examples = Worlds.planted(60, SEED);
    byte[] alone = train(examples, config()).onnx();
    try (ExecutorService pool = Executors.newFixedThreadPool(2)) {
      List<Future<TrainedRanker>> both =
          pool.invokeAll(List.of(() -> train(examples, config()), () -> train(examples, config())));
      for (Future<TrainedRanker> trained : both) {
        assertArrayEquals(alone, trained.get().onnx());
      }
    }
  }

  @Test
  void probabilities_fromManyThreads_areThoseOfOne() throws Exception {
    RankingExamples examples = Worlds.planted(40, SEED);
    TrainedRanker trained = train(examples, config());
    try (Ranker ranker = Ranker.load(trained.onnx(), trained.spec());
        ExecutorService pool = Executors.newFixedThreadPool(4)) {
      List<Callable<float[]>> calls = new ArrayList<>();
      for (int i = 0; i < 400; i++) {
        int request = i % 40;
        calls.add(() -> serve(ranker, examples, request));
      }
      List<Future<float[]>> answers = pool.invokeAll(calls);
      for (int i = 0; i < answers.size(); i++) {
        assertArrayEquals(serve(ranker, examples, i % 40), answers.get(i).get());
      }
    }
  }

  @Test
  void probabilities_arraysThatDoNotFit_areRefused() {
    TrainedRanker trained = train(Worlds.planted(40, SEED), config());
    try (Ranker ranker = Ranker.load(trained.onnx(), trained.spec())) {
      float[] four = new float[4];
      assertRefused("candidates", () -> ranker.probabilities(four, 0, four, four));
      assertRefused("features.length", () -> ranker.probabilities(four, 2, four, four));
      assertRefused("query.length", () -> ranker.probabilities(four, 1, new float[3], four));
      assertRefused("items.length", () -> ranker.probabilities(four, 1, four, new float[5]));
    }
  }

  private static void assertRefused(String field, Executable call) {
    WinnowException refusal = assertThrows(WinnowException.class, call);
    assertEquals(field, refusal.problems().getFirst().field());
  }

  @Test
  void score_weightsProbabilities() {
    TrainedRanker trained = train(Worlds.planted(40, SEED), config());
    try (Ranker ranker = Ranker.load(trained.onnx(), trained.spec())) {
      assertArrayEquals(
          new float[] {0.5f + 2 * 0.25f, 0.1f + 2 * 0.2f},
          ranker.score(new float[] {0.5f, 0.25f, 0.1f, 0.2f}),
          1e-6f);
    }
  }

  @Test
  void probabilities_extremeInputs_stayProbabilities() {
    TrainedRanker trained = train(Worlds.planted(40, SEED), config());
    float[] extremes = {
      Float.NaN, Float.NaN, Float.NaN, Float.NaN,
      Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.MAX_VALUE, -Float.MAX_VALUE
    };
    try (Ranker ranker = Ranker.load(trained.onnx(), trained.spec())) {
      for (float p : ranker.probabilities(extremes, 2, new float[4], new float[8])) {
        assertTrue(p >= 0 && p <= 1, () -> "probability " + p);
      }
    }
  }

  @Test
  void train_withoutVectorsAndWithFewOutcomes_works() {
    int requests = 12;
    float[] features = new float[requests * 5 * 2];
    float[] labels = new float[requests * 5];
    int[] offsets = new int[requests + 1];
    int[] positions = new int[requests * 5];
    Arrays.fill(positions, -1);
    labels[3] = 1;
    for (int r = 0; r < requests; r++) {
      offsets[r + 1] = (r + 1) * 5;
    }
    features[6] = Float.NaN;
    RankingExamples examples =
        new RankingExamples(
            List.of("constant", "empty"),
            features,
            offsets,
            RankingExamples.Embeddings.none(),
            new RankingExamples.Outcomes(List.of("click"), new float[] {1}, labels, positions));
    TrainedRanker trained = train(examples, config());
    assertEquals(0, trained.spec().metrics().heads().getFirst().positives());
    try (Ranker ranker = Ranker.load(trained.onnx(), trained.spec())) {
      float p = ranker.probabilities(new float[2], 1, new float[0], new float[0])[0];
      assertTrue(p > 0 && p < 0.3, () -> "probability " + p);
    }
  }

  @Test
  void train_withoutOutcomes_isRefused() {
    RankingExamples examples = Worlds.planted(40, SEED);
    Arrays.fill(examples.outcomes().labels(), 0);
    WinnowException refusal = assertThrows(WinnowException.class, () -> train(examples, config()));
    assertEquals("labels", refusal.problems().getFirst().field());
  }

  @Test
  void train_lossThatIsNoNumber_isRefusedWithEpoch() {
    RankingExamples examples = Worlds.planted(40, SEED);
    examples.outcomes().labels()[5] = Float.NaN;
    WinnowException refusal = assertThrows(WinnowException.class, () -> train(examples, config()));
    assertEquals(ErrorCode.INTERNAL, refusal.code());
    assertTrue(refusal.toString().contains("epoch 1"), refusal::toString);
  }

  @Test
  void load_anotherNetworkOrNone_isRefused() {
    TrainedRanker trained = train(Worlds.planted(40, SEED), config());
    RankerSpec spec = trained.spec();
    RankerSpec wider =
        new RankerSpec(List.of("a", "b"), 4, spec.objectives(), spec.weights(), spec.metrics());
    for (WinnowException refusal :
        List.of(
            assertThrows(WinnowException.class, () -> Ranker.load(trained.onnx(), wider)),
            assertThrows(WinnowException.class, () -> Ranker.load(new byte[] {1, 2}, spec)),
            assertThrows(WinnowException.class, () -> Ranker.load(new byte[0], spec)),
            assertThrows(
                WinnowException.class,
                () -> Ranker.load(Arrays.copyOf(trained.onnx(), 9999), spec)))) {
      assertEquals(ErrorCode.CORRUPT, refusal.code());
    }
  }

  @Test
  void examples_arraysThatDoNotFit_areAllNamed() {
    WinnowException refusal =
        assertThrows(
            WinnowException.class,
            () ->
                new RankingExamples(
                    List.of("a"),
                    new float[3],
                    new int[] {0, 2},
                    RankingExamples.Embeddings.none(),
                    new RankingExamples.Outcomes(
                        List.of("click"), new float[] {-1}, new float[1], new int[2])));
    assertEquals(
        List.of("features.length", "labels.length", "weights"),
        refusal.problems().stream().map(p -> p.field()).toList());
  }
}
