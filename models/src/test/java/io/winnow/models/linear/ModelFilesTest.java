package io.winnow.models.linear;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.models.Interactions;
import io.winnow.models.ItemScorer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What all models share: files and re-indexing. */
class ModelFilesTest {
  private static final Interactions DATA = Generated.random(20, 200, 60, 25);
  private static final int[] HISTORY = {5, 17, 2, 40};

  @TempDir private Path folder;

  /** One kind of model, so that each case runs for all. */
  private record Kind(
      ItemScorer model,
      Consumer<Path> write,
      Function<Path, ItemScorer> read,
      Function<int[], ItemScorer> remapTo50) {}

  private static List<Kind> kinds() {
    return kinds(DATA);
  }

  private static List<Kind> kinds(Interactions data) {
    Popularity popularity = Popularity.train(data, Popularity.Config.halfLife(0.001));
    Transitions transitions = Transitions.train(data, Transitions.Config.DEFAULT, 1);
    Ease ease = Ease.train(data, Ease.Config.DEFAULT, 1);
    ImplicitAls ials = ImplicitAls.train(data, ImplicitAls.Config.DEFAULT, new Seed(1), 1);
    return List.of(
        new Kind(popularity, popularity::write, Popularity::read, m -> popularity.remap(m, 50)),
        new Kind(transitions, transitions::write, Transitions::read, m -> transitions.remap(m, 50)),
        new Kind(ease, ease::write, Ease::read, m -> ease.remap(m, 50)),
        new Kind(ials, ials::write, ImplicitAls::read, m -> ials.remap(m, 50)));
  }

  private static float[] scores(ItemScorer model, int[] history) {
    float[] scores = new float[model.itemCount()];
    model.score(history, new long[history.length], 0, scores);
    return scores;
  }

  @Test
  void readAfterWrite_everyModel_scoresTheSame() {
    for (Kind kind : kinds()) {
      Path file = folder.resolve("model");
      kind.write().accept(file);
      ItemScorer read = kind.read().apply(file);
      assertEquals(60, read.itemCount());
      assertArrayEquals(scores(kind.model(), HISTORY), scores(read, HISTORY));
    }
  }

  @Test
  void read_everyByteDamagedOrCutOff_isRefusedWithTheFilesName() throws IOException {
    for (Kind kind : kinds()) {
      Path file = folder.resolve("model");
      kind.write().accept(file);
      byte[] good = Files.readAllBytes(file);
      int step = Math.max(1, good.length / 200);
      int tried = 0;
      for (int at = 0; at < good.length; at += at < 100 ? 1 : step) {
        byte[] damaged = good.clone();
        damaged[at] ^= 0x41;
        Files.write(file, damaged);
        assertRefused(kind, file, "byte " + at);
        Files.write(file, Arrays.copyOf(good, at));
        assertRefused(kind, file, "cut at " + at);
        tried++;
      }
      assertTrue(tried > 100);
    }
  }

  private static void assertRefused(Kind kind, Path file, String what) {
    WinnowException e = assertThrows(WinnowException.class, () -> kind.read().apply(file), what);
    assertEquals(ErrorCode.CORRUPT, e.code(), what);
    assertTrue(String.valueOf(e.getMessage()).contains(file.toString()), e::getMessage);
  }

  @Test
  void read_anotherKindOrNoFile_saysSo() {
    Path file = folder.resolve("model");
    Popularity.train(DATA, Popularity.Config.COUNTS).write(file);
    WinnowException kind = assertThrows(WinnowException.class, () -> Ease.read(file));
    assertTrue(
        String.valueOf(kind.getMessage()).endsWith("kind: popularity (expected: ease)"),
        kind::getMessage);
    WinnowException none =
        assertThrows(WinnowException.class, () -> Ease.read(folder.resolve("none")));
    assertEquals(ErrorCode.UNAVAILABLE, none.code());
  }

  @Test
  void remap_dropAndMove_scoresUnderTheNewIndices() {
    // Every sixth item goes; the others swap their order.
    int[] newIndexOfOld = new int[60];
    int next = 50;
    for (int old = 0; old < 60; old++) {
      newIndexOfOld[old] = old % 6 == 0 ? -1 : --next;
    }
    assertEquals(0, next);
    int[] history = Arrays.stream(HISTORY).map(i -> newIndexOfOld[i]).toArray();
    for (Kind kind : kinds()) {
      float[] before = scores(kind.model(), HISTORY);
      float[] after = scores(kind.remapTo50().apply(newIndexOfOld), history);
      assertEquals(50, after.length);
      // The user factor of ALS also depends on the items that went, through FᵀF.
      float tolerance = kind.model() instanceof ImplicitAls ? 0.3f : 0;
      for (int old = 0; old < 60; old++) {
        if (newIndexOfOld[old] >= 0) {
          assertEquals(before[old], after[newIndexOfOld[old]], tolerance);
        }
      }
    }
  }

  @Test
  void train_noEvents_scoresNothing() {
    int tried = 0;
    for (Interactions empty :
        new Interactions[] {
          new Interactions(60, new int[1], new int[0], new long[0]),
          new Interactions(60, new int[4], new int[0], new long[0])
        }) {
      for (Kind kind : kinds(empty)) {
        assertArrayEquals(new float[60], scores(kind.model(), HISTORY));
        Path file = folder.resolve("model");
        kind.write().accept(file);
        assertArrayEquals(new float[60], scores(kind.read().apply(file), HISTORY));
        tried++;
      }
    }
    assertEquals(8, tried);
  }

  @Test
  void train_itemOutsideOfTheCatalogue_isRefusedByEveryModel() {
    for (int item : new int[] {-1, 60}) {
      Interactions bad = new Interactions(60, new int[] {0, 2}, new int[] {3, item}, new long[2]);
      List<Runnable> trainings =
          List.of(
              () -> Popularity.train(bad, Popularity.Config.COUNTS),
              () -> Transitions.train(bad, Transitions.Config.DEFAULT, 1),
              () -> Ease.train(bad, Ease.Config.DEFAULT, 1),
              () -> ImplicitAls.train(bad, ImplicitAls.Config.DEFAULT, new Seed(1), 1));
      for (Runnable training : trainings) {
        WinnowException e = assertThrows(WinnowException.class, training::run);
        assertEquals("items: " + item + " (expected: 0 to 59)", e.getMessage());
      }
    }
  }

  @Test
  void remap_twoItemsToOneIndex_isRefused() {
    for (Kind kind : kinds()) {
      assertThrows(IllegalArgumentException.class, () -> kind.remapTo50().apply(new int[60]));
    }
  }
}
