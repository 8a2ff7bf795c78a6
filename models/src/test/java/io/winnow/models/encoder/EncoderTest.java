package io.winnow.models.encoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.models.Interactions;
import io.winnow.models.network.Progress;
import io.winnow.models.network.Torch;
import io.winnow.models.network.TrainingGraph;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class EncoderTest {
  private static final Seed SEED = new Seed(11);
  private static final int ITEMS = 40;

  private static EncoderConfig config(int negatives, int epochs) {
    return new EncoderConfig(
        new EncoderConfig.Network(16, 1, 2, 12, 0.05),
        new EncoderConfig.Sampling(negatives, 0.75, 0.3, 0.1),
        new EncoderConfig.Training(512, epochs, 1000, 1e-2, 0.01, 0.998, 1000));
  }

  /** Users who step through the items by 1 or by 3, each from a random start, 2 to 30 events. */
  private static Interactions cycles(int users, int items) {
    RandomGenerator random = SEED.generator("cycles");
    List<Integer> events = new ArrayList<>();
    int[] offsets = new int[users + 1];
    for (int user = 0; user < users; user++) {
      int item = random.nextInt(items);
      int stride = user % 2 == 0 ? 1 : 3;
      int length = 2 + random.nextInt(29);
      for (int i = 0; i < length; i++) {
        events.add(item);
        item = (item + stride) % items;
      }
      offsets[user + 1] = events.size();
    }
    long[] times = new long[events.size()];
    Arrays.setAll(times, i -> i);
    return new Interactions(
        items, offsets, events.stream().mapToInt(Integer::intValue).toArray(), times);
  }

  private static TrainedEncoder train(
      Interactions interactions,
      ItemTokens tokens,
      EncoderConfig config,
      @Nullable TrainedEncoder previous) {
    return new EncoderTrainer(config, SEED, TimeSource.system())
        .train(interactions, tokens, previous, Progress.silent());
  }

  private static float[] history(TrainedEncoder trained, int... items) {
    int width = trained.spec().embeddingSize();
    float[] history = new float[items.length * width];
    for (int i = 0; i < items.length; i++) {
      System.arraycopy(trained.itemVectors(), items[i] * width, history, i * width, width);
    }
    return history;
  }

  private static int best(TrainedEncoder trained, float[] query) {
    int width = query.length;
    int best = 0;
    float highest = Float.NEGATIVE_INFINITY;
    for (int item = 0; item < trained.spec().itemCount(); item++) {
      float score = 0;
      for (int e = 0; e < width; e++) {
        score += query[e] * trained.itemVectors()[item * width + e];
      }
      if (score > highest) {
        highest = score;
        best = item;
      }
    }
    return best;
  }

  /** The stride can only be seen from two events: an encoder of the last item alone gets half. */
  private static double share(TrainedEncoder trained) {
    int right = 0;
    try (QueryEncoder encoder = QueryEncoder.load(trained.onnx(), trained.spec())) {
      for (int item = 0; item < ITEMS; item++) {
        for (int stride : new int[] {1, 3}) {
          int second = (item + stride) % ITEMS;
          int third = (item + 2 * stride) % ITEMS;
          float[] query = encoder.encode(history(trained, item, second, third), 3);
          right += best(trained, query) == (item + 3 * stride) % ITEMS ? 1 : 0;
        }
      }
    }
    return right / (2.0 * ITEMS);
  }

  @Test
  void train_cycles_predictsNextItem() {
    TrainedEncoder trained =
        train(cycles(400, ITEMS), ItemTokens.none(ITEMS), config(ITEMS, 15), null);
    assertTrue(share(trained) > 0.9, () -> "right: " + share(trained));
    assertTrue(trained.spec().metrics().ndcg10() > 0.8, trained.spec()::toString);
  }

  @Test
  void train_cyclesWithSampledNegatives_predictsNextItem() {
    TrainedEncoder trained = train(cycles(400, ITEMS), ItemTokens.none(ITEMS), config(8, 15), null);
    assertTrue(share(trained) > 0.8, () -> "right: " + share(trained));
  }

  @Test
  void train_fromPrevious_keepsWhatWasLearnedAndGrows() {
    Interactions interactions = cycles(400, ITEMS);
    TrainedEncoder first = train(interactions, ItemTokens.none(ITEMS), config(ITEMS, 12), null);
    Interactions grown =
        new Interactions(
            ITEMS + 5, interactions.userOffsets(), interactions.items(), interactions.timesMs());
    ItemTokens none = ItemTokens.none(ITEMS + 5);
    TrainedEncoder continued = train(grown, none, config(ITEMS, 1), first);
    TrainedEncoder fresh = train(grown, none, config(ITEMS, 1), null);
    assertEquals(ITEMS + 5, continued.spec().itemCount());
    assertTrue(share(continued) > 0.8, () -> "continued: " + share(continued));
    assertTrue(share(fresh) < 0.6, () -> "fresh: " + share(fresh));
  }

  @Test
  void train_twice_givesTheSameBytes() {
    Interactions interactions = cycles(60, ITEMS);
    TrainedEncoder one = train(interactions, ItemTokens.none(ITEMS), config(8, 2), null);
    TrainedEncoder two = train(interactions, ItemTokens.none(ITEMS), config(8, 2), null);
    assertArrayEquals(one.onnx(), two.onnx());
    assertArrayEquals(one.itemVectors(), two.itemVectors());
  }

  @Test
  void encode_agreesWithTheTrainedNetwork() {
    TrainedEncoder trained =
        train(cycles(60, ITEMS), ItemTokens.none(ITEMS), config(ITEMS, 2), null);
    EncoderNetwork network =
        new EncoderNetwork(config(ITEMS, 2).network(), SEED.generator("other"));
    for (int i = 0; i < trained.weights().size(); i++) {
      network.parameters().get(i).set(trained.weights().get(i));
    }
    float[] history = history(trained, 1, 2, 3, 4, 5, 9, 12);
    float[] every;
    try (Torch torch = Torch.open(SEED, 0)) {
      every =
          torch.evaluate(
              new Torch.Loss() {
                @Override
                public <V> V of(TrainingGraph<V> g) {
                  return network.train(g, g.data(history, 1, 7, 16), 7);
                }
              });
    }
    try (QueryEncoder encoder = QueryEncoder.load(trained.onnx(), trained.spec())) {
      float[] seven = encoder.encode(history, 7);
      float[] four = encoder.encode(Arrays.copyOf(history, 4 * 16), 4);
      assertArrayEquals(Arrays.copyOfRange(every, 6 * 16, 7 * 16), seven, 1e-4f);
      assertArrayEquals(Arrays.copyOfRange(every, 3 * 16, 4 * 16), four, 1e-4f);
      float[] batch = encoder.encode(List.of(history, Arrays.copyOf(history, 4 * 16)));
      assertArrayEquals(seven, Arrays.copyOf(batch, 16), 1e-5f);
      assertArrayEquals(four, Arrays.copyOfRange(batch, 16, 32), 1e-5f);
    }
  }

  @Test
  void encode_longerThanMaximum_readsTheLatest() {
    TrainedEncoder trained =
        train(cycles(60, ITEMS), ItemTokens.none(ITEMS), config(ITEMS, 1), null);
    int[] items = new int[20];
    Arrays.setAll(items, i -> i);
    float[] all = history(trained, items);
    try (QueryEncoder encoder = QueryEncoder.load(trained.onnx(), trained.spec())) {
      float[] latest = encoder.encode(Arrays.copyOfRange(all, 8 * 16, 20 * 16), 12);
      assertArrayEquals(latest, encoder.encode(all, 20));
      assertArrayEquals(latest, encoder.encode(List.of(all)), 1e-5f);
      assertThrows(WinnowException.class, () -> encoder.encode(new float[0], 0));
      assertThrows(WinnowException.class, () -> encoder.encode(all, 19));
      assertThrows(WinnowException.class, () -> encoder.encode(List.of(new float[3])));
    }
  }

  /** Users stay in one of four genres; the last item of each genre is never seen in training. */
  @Test
  void coldVector_itemOfAGenre_scoresHighForUsersOfTheGenre() {
    RandomGenerator random = SEED.generator("genres");
    int[] offsets = new int[301];
    int[] items = new int[300 * 12];
    for (int i = 0; i < items.length; i++) {
      int user = i / 12;
      offsets[user + 1] = i + 1;
      items[i] = (user % 4) + 4 * random.nextInt(9);
    }
    int[] tokenOffsets = new int[ITEMS + 1];
    int[] tokens = new int[ITEMS];
    for (int item = 0; item < ITEMS; item++) {
      tokens[item] = item % 4;
      tokenOffsets[item + 1] = item + 1;
    }
    Interactions interactions = new Interactions(ITEMS, offsets, items, new long[items.length]);
    TrainedEncoder trained =
        train(interactions, new ItemTokens(4, tokenOffsets, tokens), config(ITEMS, 8), null);
    try (QueryEncoder encoder = QueryEncoder.load(trained.onnx(), trained.spec())) {
      for (int genre = 0; genre < 4; genre++) {
        float[] query = encoder.encode(history(trained, genre, genre + 4, genre + 8), 3);
        int nearest = 0;
        double highest = Double.NEGATIVE_INFINITY;
        for (int other = 0; other < 4; other++) {
          float[] cold = trained.coldVector(new int[] {other});
          double score = 0;
          for (int e = 0; e < cold.length; e++) {
            score += query[e] * cold[e];
          }
          nearest = score > highest ? other : nearest;
          highest = Math.max(highest, score);
        }
        assertEquals(genre, nearest);
      }
    }
    assertThrows(WinnowException.class, () -> trained.coldVector(new int[] {4}));
  }

  @Test
  void train_partsThatDoNotFit_areRefused() {
    Interactions interactions = cycles(60, ITEMS);
    EncoderConfig config = config(ITEMS, 1);
    TrainedEncoder trained = train(interactions, ItemTokens.none(ITEMS), config, null);
    EncoderConfig other =
        new EncoderConfig(
            new EncoderConfig.Network(8, 1, 2, 12, 0), config.sampling(), config.training());
    Interactions lonely =
        new Interactions(ITEMS, new int[] {0, 1, 2}, new int[] {3, 4}, new long[2]);
    for (WinnowException refusal :
        List.of(
            assertThrows(
                WinnowException.class,
                () -> train(interactions, ItemTokens.none(ITEMS - 1), config, null)),
            assertThrows(
                WinnowException.class,
                () -> train(interactions, ItemTokens.none(ITEMS), other, trained)),
            assertThrows(
                WinnowException.class,
                () -> train(lonely, ItemTokens.none(ITEMS), config, null)))) {
      assertEquals(ErrorCode.INVALID_ARGUMENT, refusal.code());
    }
    WinnowException corrupt =
        assertThrows(
            WinnowException.class,
            () -> QueryEncoder.load(Arrays.copyOf(trained.onnx(), 5000), trained.spec()));
    assertEquals(ErrorCode.CORRUPT, corrupt.code());
  }

  @Test
  void sampler_chances_matchDraws() {
    int[] counts = new int[100];
    Arrays.setAll(counts, i -> i * i);
    NegativeSampler sampler =
        new NegativeSampler(counts, new EncoderConfig.Sampling(20, 0.75, 0.3, 0));
    int[] seen = new int[100];
    RandomGenerator random = SEED.generator("draws");
    for (int round = 0; round < 20_000; round++) {
      for (int item : sampler.next(random)) {
        seen[item]++;
      }
    }
    for (int item = 0; item < 100; item++) {
      assertEquals(Math.exp(sampler.logChance(item)), seen[item] / 20_000.0, 0.02, "item " + item);
    }
  }
}
