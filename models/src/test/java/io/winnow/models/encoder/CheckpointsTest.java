package io.winnow.models.encoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.models.Interactions;
import io.winnow.models.network.Progress;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CheckpointsTest {
  private static final int ITEMS = 30;
  private static final long TICK_MS = 4000;

  @TempDir private Path folder;

  /** What a killed process would not live to hear. */
  private static final class Killed extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  /** Collects notes, and dies after so many epochs and parts. */
  private static final class Listener implements Progress {
    private final List<String> notes = new ArrayList<>();
    private final List<Part> parts = new ArrayList<>();
    private final int lives;
    private int heard;

    Listener(int lives) {
      this.lives = lives;
    }

    @Override
    public void onEpoch(Epoch epoch) {
      hear();
    }

    @Override
    public void onPart(Part part) {
      parts.add(part);
      hear();
    }

    private void hear() {
      heard++;
      if (heard == lives) {
        throw new Killed();
      }
    }

    @Override
    public void onNote(String model, String note) {
      notes.add(note);
    }
  }

  static EncoderConfig config() {
    return new EncoderConfig(
        new EncoderConfig.Network(8, 1, 2, 10, 0.1),
        new EncoderConfig.Sampling(6, 0.75, 0.3, 0.2),
        new EncoderConfig.Training(128, 4, 3, 1e-2, 0.01, 0.99, 1e6));
  }

  static Interactions interactions() {
    RandomGenerator random = new Seed(1).generator("walks");
    int users = 300;
    int[] offsets = new int[users + 1];
    List<Integer> items = new ArrayList<>();
    for (int user = 0; user < users; user++) {
      int item = random.nextInt(ITEMS);
      for (int i = 2 + random.nextInt(20); i > 0; i--) {
        items.add(item);
        item = (item + 1 + random.nextInt(3)) % ITEMS;
      }
      offsets[user + 1] = items.size();
    }
    long[] times = new long[items.size()];
    Arrays.setAll(times, i -> i);
    return new Interactions(
        ITEMS, offsets, items.stream().mapToInt(Integer::intValue).toArray(), times);
  }

  static ItemTokens tokens() {
    int[] offsets = new int[ITEMS + 1];
    int[] tokens = new int[ITEMS];
    for (int item = 0; item < ITEMS; item++) {
      tokens[item] = item % 5;
      offsets[item + 1] = item + 1;
    }
    return new ItemTokens(5, offsets, tokens);
  }

  private static TrainedEncoder train(
      long seed, Progress progress, @Nullable Checkpoints checkpoints) {
    // Every look at the clock takes a while, so that an epoch of this small data has several parts.
    long[] now = {0};
    TimeSource clock = () -> now[0] += TICK_MS;
    return new EncoderTrainer(config(), new Seed(seed), clock)
        .train(interactions(), tokens(), null, progress, checkpoints);
  }

  private Checkpoints checkpoints(long everyMs) {
    return new Checkpoints(folder, "encoder", everyMs);
  }

  private static void assertSame(TrainedEncoder expected, TrainedEncoder actual) {
    assertArrayEquals(expected.onnx(), actual.onnx());
    assertArrayEquals(expected.itemVectors(), actual.itemVectors());
    assertArrayEquals(expected.tokenVectors(), actual.tokenVectors());
    assertEquals(expected.spec(), actual.spec());
  }

  @Test
  void train_killedAgainAndAgain_givesTheBytesOfAnUninterruptedTraining() {
    TrainedEncoder expected = train(1, Progress.silent(), null);
    int kills = 0;
    int insideEpochs = 0;
    TrainedEncoder trained = null;
    while (trained == null) {
      Listener listener = new Listener(2);
      try {
        trained = train(1, listener, checkpoints(10 * TICK_MS));
      } catch (Killed e) {
        kills++;
        insideEpochs += listener.parts.isEmpty() ? 0 : 1;
      }
      assertEquals(kills > 1 || trained != null, !listener.notes.isEmpty());
      assertTrue(kills < 50, "it never ends");
    }
    assertTrue(kills > 2, "kills: " + kills);
    assertTrue(insideEpochs > 0, "no kill within an epoch");
    assertSame(expected, trained);
  }

  @Test
  void train_done_givesItsOutcomeAtOnceUntilRemoved() {
    Checkpoints checkpoints = checkpoints(60_000);
    TrainedEncoder first = train(1, Progress.silent(), checkpoints);
    Listener again = new Listener(1);
    assertSame(first, train(1, again, checkpoints));
    assertEquals(0, again.heard);
    checkpoints.remove();
    assertFalse(Files.exists(checkpoints.file()));
    assertThrows(Killed.class, () -> train(1, new Listener(1), checkpoints));
  }

  @Test
  void train_checkpointOfAnotherSeed_isNotUsedAndSaysSo() {
    train(1, Progress.silent(), checkpoints(60_000));
    Listener listener = new Listener(1000);
    TrainedEncoder other = train(2, listener, checkpoints(60_000));
    assertSame(train(2, Progress.silent(), null), other);
    assertTrue(
        listener.notes.getFirst().contains("other data, another configuration or seed"),
        listener.notes::toString);
  }

  @Test
  void train_checkpointDamaged_isNotUsedAndSaysSo() throws IOException {
    TrainedEncoder expected = train(1, Progress.silent(), checkpoints(60_000));
    Path file = checkpoints(60_000).file();
    byte[] bytes = Files.readAllBytes(file);
    for (int kept : new int[] {0, 60, bytes.length / 2, bytes.length - 1}) {
      Files.write(file, Arrays.copyOf(bytes, kept));
      Listener listener = new Listener(1000);
      assertSame(expected, train(1, listener, checkpoints(60_000)));
      assertTrue(listener.notes.getFirst().startsWith("starts anew"), listener.notes::toString);
    }
    byte[] flipped = bytes.clone();
    flipped[bytes.length / 2] ^= 4;
    Files.write(file, flipped);
    Listener listener = new Listener(1000);
    assertSame(expected, train(1, listener, checkpoints(60_000)));
    assertTrue(listener.notes.getFirst().startsWith("starts anew"), listener.notes::toString);
  }

  @Test
  void train_checkpointCannotBeWritten_trainsOnAndSaysSo() throws IOException {
    Path blocked = Files.createFile(folder.resolve("blocked"));
    Listener listener = new Listener(1000);
    TrainedEncoder trained = train(1, listener, new Checkpoints(blocked, "encoder", 60_000));
    assertSame(train(1, Progress.silent(), null), trained);
    assertTrue(
        listener.notes.getFirst().startsWith("checkpoint not written"), listener.notes::toString);
  }

  @Test
  void onPart_withinAnEpoch_tellsShareLossAndTime() {
    Listener listener = new Listener(1000);
    train(1, listener, null);
    assertTrue(listener.parts.size() >= 4, listener.parts::toString);
    for (Progress.Part part : listener.parts) {
      assertTrue(part.share() > 0 && part.share() < 1, part::toString);
      assertTrue(part.loss() > 0 && part.secondsLeft() > 0, part::toString);
    }
  }

  @Test
  void train_processKilled_goesOnInTheNext() throws IOException, InterruptedException {
    Process first = TrainingProcess.start(folder);
    try (BufferedReader lines = first.inputReader(StandardCharsets.UTF_8)) {
      assertEquals("epoch 1", lines.readLine());
      first.destroyForcibly();
      assertNotEquals(0, first.waitFor());
    }
    Process second = TrainingProcess.start(folder);
    List<String> heard;
    try (BufferedReader lines = second.inputReader(StandardCharsets.UTF_8)) {
      heard = lines.lines().toList();
    }
    assertEquals(0, second.waitFor());
    assertTrue(heard.getFirst().matches("goes on after [1-4] epochs"), heard::toString);
    TrainedEncoder expected =
        new EncoderTrainer(config(), new Seed(1), TimeSource.system())
            .train(interactions(), tokens(), null, Progress.silent());
    assertEquals(TrainingProcess.summary(expected), heard.getLast());
  }
}
