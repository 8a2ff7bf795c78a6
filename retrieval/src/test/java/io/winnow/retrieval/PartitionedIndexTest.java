package io.winnow.retrieval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.retrieval.CandidateSource.ItemFilter;
import io.winnow.retrieval.VectorIndex.SearchResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartitionedIndexTest {
  private static final int N = 10_000;
  private static final int E = 24;
  private static final int K = 50;
  private static final float[] DATA = Vectors.clustered(1, N, E, 100, 0.3);
  private static final float[] QUERIES = Vectors.clustered(1, 300, E, 100, 0.5);
  private static final ItemFilter ALL = item -> true;
  private static final PartitionedIndex.Config CONFIG =
      new PartitionedIndex.Config(0.98, K, 64, 1000);

  @TempDir private Path folder;

  private static PartitionedIndex build(int threads) {
    return PartitionedIndex.build(
        E, Vectors.identity(N), DATA, QUERIES, CONFIG, new Seed(1), threads);
  }

  /** Mean recall and mean share of vectors scanned over queries that the build did not see. */
  private static double[] quality(PartitionedIndex index, ItemFilter filter) {
    float[] fresh = Vectors.clustered(1, 400, E, 100, 0.5);
    double recall = 0;
    double scanned = 0;
    for (int q = 300; q < 400; q++) {
      float[] query = Vectors.row(fresh, E, q);
      SearchResult result = index.search(query, K, filter);
      recall += Vectors.recall(Vectors.naive(DATA, query, K, filter), result.candidates().items());
      scanned += (double) result.scanned() / N;
      for (int item : result.candidates().items()) {
        assertTrue(filter.allows(item));
      }
    }
    return new double[] {recall / 100, scanned / 100};
  }

  @Test
  void search_queriesUnseenByTheBuild_reachesTheGoalWithLittleWork() {
    PartitionedIndex index = build(1);
    assertTrue(index.listCount() > 1);
    assertTrue(index.measured().recall() >= 0.98, index.measured()::toString);
    double[] quality = quality(index, ALL);
    assertTrue(quality[0] > 0.96, Arrays.toString(quality));
    assertTrue(quality[1] < 0.15, Arrays.toString(quality));
    assertEquals(index.measured().scanned(), quality[1], 0.05);
  }

  @Test
  void search_tenPercentAllowed_keepsRecallAndFindsK() {
    PartitionedIndex index = build(1);
    ItemFilter tenth = item -> item % 10 == 3;
    double[] quality = quality(index, tenth);
    assertTrue(quality[0] > 0.95, Arrays.toString(quality));
    assertTrue(quality[1] < 0.6, Arrays.toString(quality));
    assertEquals(K, index.search(Vectors.row(QUERIES, E, 0), K, tenth).candidates().size());
  }

  @Test
  void search_fewAllowed_looksAtExactlyThose() {
    PartitionedIndex index = build(1);
    ItemFilter few = item -> item % 500 == 3;
    for (int q = 0; q < 20; q++) {
      float[] query = Vectors.row(QUERIES, E, q);
      SearchResult result = index.search(query, K, few);
      assertEquals(20, result.scanned());
      assertArrayEquals(Vectors.naive(DATA, query, K, few), result.candidates().items());
    }
    assertEquals(0, index.search(Vectors.row(QUERIES, E, 0), K, item -> false).candidates().size());
  }

  @Test
  void search_oneListOrExactIndex_agreesWithSorting() {
    PartitionedIndex one =
        PartitionedIndex.build(
            E,
            Vectors.identity(500),
            Arrays.copyOf(DATA, 500 * E),
            new float[0],
            CONFIG,
            new Seed(1),
            1);
    ExactIndex exact = new ExactIndex(E);
    for (int i = 0; i < 500; i++) {
      exact.put(i, Vectors.row(DATA, E, i));
    }
    float[] part = Arrays.copyOf(DATA, 500 * E);
    for (VectorIndex index : new VectorIndex[] {one, exact}) {
      for (int q = 0; q < 20; q++) {
        float[] query = Vectors.row(QUERIES, E, q);
        SearchResult result = index.search(query, 30, item -> item % 3 == 0);
        assertArrayEquals(
            Vectors.naive(part, query, 30, item -> item % 3 == 0), result.candidates().items());
        assertEquals(500, result.scanned());
        float[] scores = index.score(query, result.candidates().items());
        assertArrayEquals(result.candidates().scores(), scores, 1e-4f);
      }
    }
  }

  @Test
  void build_threadsAndSeeds_sameListsForTheSameSeed() {
    PartitionedIndex one = build(1);
    PartitionedIndex two = build(2);
    assertEquals(one.measured(), two.measured());
    float[] query = Vectors.row(QUERIES, E, 5);
    assertEquals(one.search(query, K, ALL).scanned(), two.search(query, K, ALL).scanned());
  }

  @Test
  void put_newItemsAndReplacements_areFoundAtOnce() {
    PartitionedIndex index = build(1);
    float[] query = Vectors.row(QUERIES, E, 7);
    float[] far = query.clone();
    for (int d = 0; d < E; d++) {
      far[d] *= 5;
    }
    index.put(N + 5, far);
    assertEquals(N + 1, index.size());
    assertEquals(N + 5, index.search(query, 1, ALL).candidates().items()[0]);
    float[] opposite = query.clone();
    for (int d = 0; d < E; d++) {
      opposite[d] = -query[d];
    }
    index.put(N + 5, opposite);
    assertEquals(N + 1, index.size());
    assertFalse(contains(index.search(query, K, ALL), N + 5));
    assertTrue(index.score(query, new int[] {N + 5})[0] < 0);
    assertTrue(Float.isNaN(index.score(query, new int[] {N + 4})[0]));
  }

  @Test
  void put_manyAppends_keepTheRecall() {
    int half = N / 2;
    PartitionedIndex index =
        PartitionedIndex.build(
            E,
            Vectors.identity(half),
            Arrays.copyOf(DATA, half * E),
            QUERIES,
            CONFIG,
            new Seed(1),
            1);
    for (int i = half; i < N; i++) {
      index.put(i, Vectors.row(DATA, E, i));
    }
    double[] quality = quality(index, ALL);
    assertTrue(quality[0] > 0.95, Arrays.toString(quality));
    assertTrue(quality[1] < 0.25, Arrays.toString(quality));
  }

  @Test
  void remove_items_areNotFoundAndScoreNothing() {
    PartitionedIndex index = build(1);
    float[] query = Vectors.row(QUERIES, E, 9);
    int[] best = index.search(query, 20, ALL).candidates().items();
    for (int item : best) {
      index.remove(item);
      index.remove(item);
    }
    assertEquals(N - 20, index.size());
    SearchResult after = index.search(query, K, ALL);
    assertEquals(K, after.candidates().size());
    for (int item : best) {
      assertFalse(contains(after, item));
    }
    assertTrue(Float.isNaN(index.score(query, best)[0]));
  }

  @Test
  void put_whileOthersSearch_neverLosesWhatStaysNorShowsAnItemTwice() throws InterruptedException {
    PartitionedIndex index = build(1);
    CountDownLatch started = new CountDownLatch(1);
    AtomicReference<Throwable> failure = new AtomicReference<>();
    // Items at and above N are rewritten all the time; those below stay.
    Thread writer =
        new Thread(() -> {
          started.countDown();
          for (int round = 0; round < 40; round++) {
            for (int i = 0; i < 300; i++) {
              index.put(N + i, Vectors.row(DATA, E, (i * 7 + round) % N));
            }
            for (int i = 0; i < 300; i += 3) {
              index.remove(N + i);
            }
          }
        });
    writer.setUncaughtExceptionHandler((thread, e) -> failure.set(e));
    float[] query = Vectors.row(QUERIES, E, 11);
    int[] before = index.search(query, K, item -> item < N).candidates().items();
    writer.start();
    started.await();
    int searches = 0;
    do {
      assertArrayEquals(before, index.search(query, K, item -> item < N).candidates().items());
      int[] all = index.search(query, K, ALL).candidates().items();
      assertEquals(all.length, Arrays.stream(all).distinct().count());
      assertTrue(Float.isFinite(index.score(query, new int[] {before[0]})[0]));
      searches++;
    } while (writer.isAlive());
    writer.join();
    assertEquals(null, failure.get());
    assertTrue(searches > 0);
    assertEquals(N + 200, index.size());
  }

  @Test
  void readAfterWrite_searchesTheSame() {
    PartitionedIndex index = build(1);
    index.remove(3);
    index.put(N + 1, Vectors.row(QUERIES, E, 3));
    Path file = folder.resolve("index");
    index.write(file);
    PartitionedIndex read = PartitionedIndex.read(file);
    assertEquals(index.size(), read.size());
    assertEquals(index.measured(), read.measured());
    for (int q = 0; q < 10; q++) {
      float[] query = Vectors.row(QUERIES, E, q);
      SearchResult expected = index.search(query, K, ALL);
      SearchResult actual = read.search(query, K, ALL);
      assertArrayEquals(expected.candidates().items(), actual.candidates().items());
      assertArrayEquals(expected.candidates().scores(), actual.candidates().scores());
    }
  }

  @Test
  void read_damagedFile_isRefusedWithItsName() throws IOException {
    Path file = folder.resolve("index");
    build(1).write(file);
    byte[] good = Files.readAllBytes(file);
    for (int at = 0; at < good.length; at += at < 80 ? 1 : good.length / 20) {
      byte[] damaged = good.clone();
      damaged[at] ^= 0x15;
      Files.write(file, damaged);
      WinnowException e =
          assertThrows(WinnowException.class, () -> PartitionedIndex.read(file), "byte " + at);
      assertEquals(ErrorCode.CORRUPT, e.code());
      assertTrue(String.valueOf(e.getMessage()).contains(file.toString()));
    }
  }

  @Test
  void remap_otherIndices_findsTheSameVectors() {
    int[] newIndexOfOld = new int[N];
    Arrays.setAll(newIndexOfOld, i -> i % 4 == 0 ? -1 : N - 1 - i);
    PartitionedIndex index = build(1);
    PartitionedIndex remapped = index.remap(newIndexOfOld);
    assertEquals(N * 3 / 4, remapped.size());
    float[] query = Vectors.row(QUERIES, E, 2);
    int[] expected =
        Arrays.stream(index.search(query, K, item -> item % 4 != 0).candidates().items())
            .map(i -> newIndexOfOld[i])
            .toArray();
    assertTrue(
        Vectors.recall(expected, remapped.search(query, K, ALL).candidates().items()) > 0.95);
  }

  @Test
  void search_wrongLengthOrNaN_isRefused() {
    PartitionedIndex index = build(1);
    assertThrows(IllegalArgumentException.class, () -> index.search(new float[E + 1], 1, ALL));
    float[] nan = new float[E];
    nan[2] = Float.NaN;
    assertThrows(IllegalArgumentException.class, () -> index.put(1, nan));
  }

  private static boolean contains(SearchResult result, int item) {
    return Arrays.stream(result.candidates().items()).anyMatch(i -> i == item);
  }
}
