package io.winnow.models.ranker;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.models.network.OnnxModel;
import io.winnow.models.network.OnnxModel.Port;
import io.winnow.models.network.OnnxWriter;
import io.winnow.models.network.Progress;
import io.winnow.models.network.Torch;
import io.winnow.models.network.TrainingGraph;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class HistoryTest {
  private static final Seed SEED = new Seed(11);
  private static final HistorySpec SPEC = new HistorySpec(List.of("click", "hide"), 5);
  private static final int R = SPEC.columns();

  private static TrainedRanker train(RankingExamples examples) {
    return new RankerTrainer(RankerConfig.defaults().withLimits(6, 1000), SEED, TimeSource.system())
        .train(examples, Progress.silent());
  }

  private static ItemFacts item(int id, float... vector) {
    return ItemFacts.of(id, vector, new int[] {id % 3, 10 + id % 2});
  }

  private static RequestHistory history(int length) {
    List<ItemFacts> items = new ArrayList<>();
    byte[] types = new byte[length];
    float[] values = new float[length];
    float[] ages = new float[length];
    for (int j = 0; j < length; j++) {
      items.add(item(j, j, 1));
      types[j] = (byte) (j % 3);
      values[j] = j == 0 ? Float.NaN : j;
      ages[j] = 100f * (length - j);
    }
    return new RequestHistory(items, types, values, ages);
  }

  @Test
  void relations_handCase_areTheDocumentedNumbers() {
    RequestHistory two =
        new RequestHistory(
            List.of(item(4, 3, 4), item(7)),
            new byte[] {1, -1},
            new float[] {Float.NaN, -3},
            new float[] {99, 0});
    float[] relations = two.relations(SPEC, List.of(item(4, 8, 6)));
    assertEquals(
        List.of(
            "present",
            "same_item",
            "cosine",
            "overlap",
            "age",
            "distance",
            "value",
            "type=click",
            "type=hide"),
        SPEC.names());
    float[] older = {
      1, 1, .96f, 1, (float) (Math.log(100) - 9) / 3, (float) Math.log(2) - 1.5f, 0, 0, 1
    };
    // Items 4 and 7 share one of three attribute values; 7 has no vector.
    float[] newer = {1, 0, 0, 1f / 3, -3, -1.5f, (float) -Math.log(4), 0, 0};
    assertArrayEquals(older, Arrays.copyOfRange(relations, 0, R), 1e-6f);
    assertArrayEquals(newer, Arrays.copyOfRange(relations, R, 2 * R), 1e-6f);
    assertEquals(2 * R, relations.length);
  }

  @Test
  void relations_longerThanTheSpec_areOfTheNewest() {
    float[] all = history(9).relations(SPEC, List.of(item(8, 1, 0)));
    assertEquals(5 * R, all.length);
    assertEquals(0, all[HistorySpec.SAME_ITEM]);
    assertEquals(1, all[4 * R + HistorySpec.SAME_ITEM]);
    assertEquals((float) Math.log(5) - 1.5f, all[HistorySpec.DISTANCE], 1e-6f);
  }

  @Test
  void relations_withoutEvents_areOneRowOfPadding() {
    assertArrayEquals(
        new float[2 * R], RequestHistory.empty().relations(SPEC, List.of(item(1), item(2, 1, 1))));
  }

  @Test
  void attention_padding_changesNothing() {
    HistoryAttention attention =
        new HistoryAttention("a", RankerConfig.Attention.DEFAULT, R, SEED.generator("attention"));
    float[] three = history(3).relations(SPEC, List.of(item(1, 1, 2), item(2, 0, 1)));
    float[] padded = new float[2 * 7 * R];
    history(3).write(SPEC, List.of(item(1, 1, 2), item(2, 0, 1)), 7, padded, 0);
    // What stands in a row that is not present is not looked at.
    for (int c = 0; c < 2; c++) {
      for (int j = 3; j < 7; j++) {
        Arrays.fill(padded, (c * 7 + j) * R + 1, (c * 7 + j + 1) * R, 100 + j);
      }
    }
    float[] plain = evaluate(attention, three, 3);
    assertArrayEquals(plain, evaluate(attention, padded, 7), 1e-6f);
    float[] none = evaluate(attention, new float[2 * R], 1);
    assertArrayEquals(none, evaluate(attention, new float[2 * 4 * R], 4), 0f);
    assertTrue(Math.abs(plain[0] - none[0]) > 1e-4, "the history has no influence at all");
  }

  private static float[] evaluate(HistoryAttention attention, float[] relations, int events) {
    try (Torch torch = Torch.open(SEED, 0)) {
      return torch.evaluate(
          new Torch.Loss() {
            @Override
            public <V> V of(TrainingGraph<V> g) {
              return attention.apply(g, g.data(relations, 2, events, R));
            }
          });
    }
  }

  @Test
  void onnx_anyLengthOfHistory_equalsTheTrainingGraph() {
    HistoryAttention attention =
        new HistoryAttention("a", RankerConfig.Attention.DEFAULT, R, SEED.generator("attention"));
    OnnxWriter g = new OnnxWriter("attention");
    String input = g.input("history", List.of("C", "L", "" + R));
    g.output(attention.apply(g, input), "out", List.of("C", "" + attention.outputs()));
    Port in = Port.of("history", -1, -1, R);
    Port out = Port.of("out", -1, attention.outputs());
    try (OnnxModel model = OnnxModel.load("attention", g.toBytes(), List.of(in), out)) {
      for (int length = 0; length <= 5; length++) {
        float[] relations = history(length).relations(SPEC, List.of(item(1, 1, 2), item(2, 0, 1)));
        int rows = relations.length / 2 / R;
        assertArrayEquals(
            evaluate(attention, relations, rows),
            model.run(List.of(relations), List.of(new long[] {2, rows, R})),
            1e-5f);
      }
    }
  }

  /**
   * A click needs that the <i>closest</i> event of the history is a click and not a hide: neither
   * the candidate nor the history alone says anything, and no average of the events does.
   */
  private static RankingExamples planted(int requests, boolean withHistory) {
    RandomGenerator random = SEED.generator("planted");
    List<ItemFacts> facts = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      double angle = 2 * Math.PI * i / 200;
      facts.add(
          ItemFacts.of(
              i, new float[] {(float) Math.cos(angle), (float) Math.sin(angle)}, new int[0]));
    }
    int rows = requests * 8;
    float[] features = new float[rows];
    float[] labels = new float[rows];
    int[] offsets = new int[requests + 1];
    int[] positions = new int[rows];
    int[] candidates = new int[rows];
    List<RequestHistory> histories = new ArrayList<>();
    for (int r = 0; r < requests; r++) {
      RequestHistory history = randomHistory(random.nextInt(6), facts, random);
      histories.add(history);
      offsets[r + 1] = (r + 1) * 8;
      for (int row = r * 8; row < r * 8 + 8; row++) {
        candidates[row] = random.nextInt(200);
        features[row] = (float) random.nextGaussian();
        positions[row] = row % 8;
        double p = likes(facts.get(candidates[row]), history) ? 0.6 : 0.1;
        labels[row] = random.nextDouble() < p ? 1 : 0;
      }
    }
    return new RankingExamples(
        List.of("noise"),
        features,
        offsets,
        RankingExamples.Embeddings.none(),
        new RankingExamples.Outcomes(List.of("click"), new float[] {1}, labels, positions),
        withHistory ? new RankingExamples.History(SPEC, histories, candidates, facts) : null);
  }

  private static RequestHistory randomHistory(
      int length, List<ItemFacts> facts, RandomGenerator random) {
    List<ItemFacts> items = new ArrayList<>();
    byte[] types = new byte[length];
    float[] ages = new float[length];
    float[] values = new float[length];
    Arrays.fill(values, Float.NaN);
    for (int j = 0; j < length; j++) {
      items.add(facts.get(random.nextInt(200)));
      types[j] = (byte) random.nextInt(2);
      ages[j] = 60 * (length - j);
    }
    return new RequestHistory(items, types, values, ages);
  }

  private static boolean likes(ItemFacts candidate, RequestHistory history) {
    float best = -2;
    boolean likes = false;
    for (int j = 0; j < history.length(); j++) {
      float cosine = candidate.cosine(history.items().get(j));
      if (cosine > best) {
        best = cosine;
        likes = history.types()[j] == 0;
      }
    }
    return likes;
  }

  @Test
  void train_plantedHistory_isFoundByAttentionOnly() {
    RankerMetrics with = train(planted(6000, true)).spec().metrics();
    RankerMetrics without = train(planted(6000, false)).spec().metrics();
    // A perfect predictor has about .81 here.
    assertTrue(with.heads().getFirst().auc() > 0.74, with::toString);
    assertTrue(without.heads().getFirst().auc() < 0.56, without::toString);
    assertTrue(with.heads().getFirst().ece() < 0.04, with::toString);
  }

  @Test
  void load_rankerWithHistory_givesTheSameMetricsWhateverThePadding() {
    RankingExamples examples = planted(600, true);
    TrainedRanker trained = train(examples);
    assertArrayEquals(trained.onnx(), train(examples).onnx());
    RankerMetrics.Head head = trained.spec().metrics().heads().getFirst();
    RankingExamples.History history = examples.history();
    int from = 600 - 45;
    float[] served = new float[45 * 8];
    float[] labels = new float[45 * 8];
    try (Ranker ranker = Ranker.load(trained.onnx(), trained.spec())) {
      for (int r = from; r < 600; r++) {
        List<ItemFacts> candidates = new ArrayList<>();
        for (int row = r * 8; row < r * 8 + 8; row++) {
          candidates.add(history.facts().get(history.candidates()[row]));
        }
        float[] features = Arrays.copyOfRange(examples.features(), r * 8, r * 8 + 8);
        float[] none = {};
        float[] p =
            ranker.probabilities(
                features, 8, none, none, history.requests().get(r).relations(SPEC, candidates));
        float[] padded = new float[8 * 9 * R];
        history.requests().get(r).write(SPEC, candidates, 9, padded, 0);
        assertArrayEquals(p, ranker.probabilities(features, 8, none, none, padded), 1e-5f);
        System.arraycopy(p, 0, served, (r - from) * 8, 8);
        System.arraycopy(examples.outcomes().labels(), r * 8, labels, (r - from) * 8, 8);
      }
    }
    assertEquals(served.length, trained.spec().metrics().testRows());
    assertEquals(head.logLoss(), RankingMeasures.logLoss(served, labels), 1e-5);
    assertEquals(head.auc(), RankingMeasures.auc(served, labels), 1e-5);
  }

  @Test
  void probabilities_relationsThatDoNotFit_areRefused() {
    TrainedRanker trained = train(planted(60, true));
    try (Ranker ranker = Ranker.load(trained.onnx(), trained.spec())) {
      assertEquals(List.of(), ranker.probe());
      float[] none = {};
      for (float[] relations : List.of(none, new float[R - 1], new float[3 * R])) {
        WinnowException refusal =
            assertThrows(
                WinnowException.class,
                () -> ranker.probabilities(new float[2], 2, none, none, relations));
        assertEquals("relations.length", refusal.problems().getFirst().field());
      }
    }
  }

  @Test
  void history_arraysThatDoNotFit_areNamed() {
    RankingExamples examples = planted(20, true);
    RankingExamples.History history = examples.history();
    int[] wrong = history.candidates().clone();
    wrong[3] = 200;
    WinnowException refusal =
        assertThrows(
            WinnowException.class,
            () ->
                new RankingExamples(
                    examples.featureNames(),
                    examples.features(),
                    examples.groupOffsets(),
                    examples.embeddings(),
                    examples.outcomes(),
                    new RankingExamples.History(
                        SPEC, history.requests().subList(1, 20), wrong, history.facts())));
    assertEquals(
        List.of("history.requests.length", "history.candidates[3]"),
        refusal.problems().stream().map(Problem::field).toList());
    assertRefused("history.length", () -> new HistorySpec(List.of(), 0));
    assertRefused(
        "history.values.length",
        () -> new RequestHistory(List.of(item(1)), new byte[1], new float[2], new float[1]));
  }

  private static void assertRefused(String field, org.junit.jupiter.api.function.Executable call) {
    WinnowException refusal = assertThrows(WinnowException.class, call);
    assertEquals(field, refusal.problems().getFirst().field());
  }
}
