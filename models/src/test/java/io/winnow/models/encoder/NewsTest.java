package io.winnow.models.encoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.models.Interactions;
import io.winnow.models.encoder.EncoderBatch.Window;
import io.winnow.models.network.Progress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** An encoder that goes on with what is new, and how a training ends that cannot go on. */
final class NewsTest {
  private static final Seed SEED = new Seed(5);
  private static final int ITEMS = 30;
  private static final int USERS = 60;
  private static final int LENGTH = 20;

  private static EncoderConfig config(double learningRate) {
    return new EncoderConfig(
        new EncoderConfig.Network(8, 1, 1, 6, 0),
        new EncoderConfig.Sampling(ITEMS, 0.75, 0.3, 0),
        new EncoderConfig.Training(512, 3, 1000, learningRate, 0.01, 0.9, 1000));
  }

  /** Users who step through the items, one further with each event. */
  private static Interactions steps() {
    int[] offsets = new int[USERS + 1];
    int[] items = new int[USERS * LENGTH];
    long[] times = new long[items.length];
    for (int user = 0; user < USERS; user++) {
      offsets[user + 1] = (user + 1) * LENGTH;
      for (int i = 0; i < LENGTH; i++) {
        items[user * LENGTH + i] = (user * 7 + i) % ITEMS;
        times[user * LENGTH + i] = i;
      }
    }
    return new Interactions(ITEMS, offsets, items, times);
  }

  /** The first ten users have three new events each. */
  private static News news(double rehearsal) {
    int[] known = new int[USERS];
    Arrays.fill(known, LENGTH);
    Arrays.fill(known, 0, 10, LENGTH - 3);
    return new News(known, rehearsal);
  }

  private static TrainedEncoder train(
      double learningRate, @Nullable TrainedEncoder previous, @Nullable News news) {
    return new EncoderTrainer(config(learningRate), SEED, TimeSource.system())
        .train(steps(), ItemTokens.none(ITEMS), previous, news, Progress.silent(), null);
  }

  private static List<Window> windows(News news) {
    Interactions all = steps();
    HeldOut none = HeldOut.of(all, new News(lengths(), 0));
    assertEquals(0, none.size());
    List<Window> windows = new ArrayList<>();
    for (Window[] batch : new Epochs(all, none, config(1e-3), SEED, news).batches(1)) {
      windows.addAll(List.of(batch));
    }
    return windows;
  }

  private static int[] lengths() {
    int[] lengths = new int[USERS];
    Arrays.fill(lengths, LENGTH);
    return lengths;
  }

  @Test
  void batches_withoutRehearsal_holdTheNewEventsWithContextAndNothingElse() {
    List<Window> windows = windows(news(0));
    boolean[] target = new boolean[USERS * LENGTH];
    for (Window window : windows) {
      for (int i = 0; i < window.length(); i++) {
        target[window.start() + i + 1] = true;
      }
    }
    for (int user = 0; user < USERS; user++) {
      for (int i = 1; i < LENGTH; i++) {
        // Six events of context before the first new one, of which the first has none to go by.
        boolean expected = user < 10 && i > LENGTH - 3 - 6;
        assertEquals(expected, target[user * LENGTH + i], "user " + user + ", event " + i);
      }
    }
  }

  @Test
  void batches_rehearsal_addsItsShareOfTheOthers() {
    long users =
        windows(news(0.4)).stream()
            .mapToInt(window -> window.start() / LENGTH)
            .filter(user -> user >= 10)
            .distinct()
            .count();
    assertTrue(users > 10 && users < 30, () -> users + " of 50 users");
  }

  @Test
  void heldOut_ofNews_areUsersWhoHaveAny() {
    HeldOut heldOut = HeldOut.of(steps(), news(1));
    assertEquals(3, heldOut.size());
    for (int user = 10; user < USERS; user++) {
      assertEquals((user + 1) * LENGTH, heldOut.trainEnd(user));
    }
  }

  @Test
  void train_fromPreviousWithNews_isRepeatableAndMovesOnlyWhatItMeets() {
    TrainedEncoder previous = train(1e-2, null, null);
    TrainedEncoder once = train(1e-3, previous, news(0));
    TrainedEncoder again = train(1e-3, previous, news(0));
    assertArrayEquals(once.onnx(), again.onnx());
    assertArrayEquals(once.itemVectors(), again.itemVectors());
    assertNotEquals(Arrays.hashCode(previous.onnx()), Arrays.hashCode(once.onnx()));
  }

  @Test
  void train_newsOfOtherUsers_isRefused() {
    WinnowException refused =
        assertThrows(WinnowException.class, () -> train(1e-3, null, new News(new int[3], 0)));
    assertEquals("news.known: 3 users (expected: 60 users)", refused.getMessage());
    int[] tooMany = lengths();
    tooMany[4] = LENGTH + 1;
    refused = assertThrows(WinnowException.class, () -> train(1e-3, null, new News(tooMany, 0)));
    assertEquals("news.known[4]: 21 (expected: 0 to 20)", refused.getMessage());
  }

  @Test
  void train_fromWeightsThatAreNoNumbers_endsNamingNetworkEpochAndWhatToTry() {
    TrainedEncoder previous = train(1e-2, null, null);
    List<float[]> weights = new ArrayList<>(previous.weights());
    weights.set(0, weights.getFirst().clone());
    weights.getFirst()[3] = Float.NaN;
    TrainedEncoder damaged =
        new TrainedEncoder(
            previous.itemVectors(),
            previous.tokenVectors(),
            previous.onnx(),
            previous.spec(),
            weights);
    WinnowException diverged =
        assertThrows(WinnowException.class, () -> train(1e-3, damaged, news(0)));
    assertEquals(ErrorCode.INTERNAL, diverged.code());
    String message = String.valueOf(diverged.getMessage());
    assertTrue(message.startsWith("encoder.loss: NaN in epoch 1 "), message);
    assertTrue(message.contains("try a lower learning rate of encoder"), message);
  }

  @Test
  void train_interrupted_endsAndLeavesTheThreadInterrupted() {
    Thread.currentThread().interrupt();
    try {
      WinnowException stopped = assertThrows(WinnowException.class, () -> train(1e-3, null, null));
      assertEquals(ErrorCode.UNAVAILABLE, stopped.code());
      assertEquals("encoder: stopped, since its thread was interrupted", stopped.getMessage());
      assertTrue(Thread.currentThread().isInterrupted());
    } finally {
      assertTrue(Thread.interrupted());
    }
  }
}
