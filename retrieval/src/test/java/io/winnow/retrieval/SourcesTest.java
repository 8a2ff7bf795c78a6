package io.winnow.retrieval;

import static io.winnow.retrieval.World.DAY;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.AttributeValue;
import io.winnow.core.application.AttributeType;
import io.winnow.core.application.Schema;
import io.winnow.features.UserHistory;
import io.winnow.models.ItemScorer;
import io.winnow.retrieval.CandidateSource.Candidates;
import io.winnow.retrieval.CandidateSource.ItemFilter;
import io.winnow.retrieval.CandidateSource.Prepared;
import io.winnow.retrieval.CandidateSource.Query;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SourcesTest {
  private static final ItemFilter ALL = item -> true;
  private static final UserHistory NOBODY = World.history(new int[0]);

  @Test
  void embedding_vectorAndNewItem_findsBoth() {
    EmbeddingSource source = new EmbeddingSource("two_tower", new ExactIndex(2));
    source.put(0, new float[] {1, 0});
    source.put(1, new float[] {0, 1});
    Query query = new Query(NOBODY, new float[] {2, 1}, ALL, 0);
    assertArrayEquals(new int[] {0, 1}, source.retrieve(query, 5).items());
    source.put(7, new float[] {3, 3});
    assertArrayEquals(new int[] {7, 0}, source.retrieve(query, 2).items());
    assertArrayEquals(new float[] {9, Float.NaN}, source.score(query, new int[] {7, 3}));
    Query without = World.query(NOBODY, ALL, 0);
    assertEquals(0, source.retrieve(without, 5).size());
    assertArrayEquals(new float[] {Float.NaN}, source.score(without, new int[] {0}));
  }

  @Test
  void scorer_retrieveAndScoreOfOneRequest_scoreOnce() {
    AtomicInteger calls = new AtomicInteger();
    ItemScorer scorer =
        new ItemScorer() {
          @Override
          public int itemCount() {
            return 5;
          }

          @Override
          public void score(int[] history, long[] timesMs, long nowMs, float[] scores) {
            calls.incrementAndGet();
            for (int i = 0; i < 5; i++) {
              scores[i] = i - 1 + history[0];
            }
          }
        };
    ScorerSource source = new ScorerSource("ease", scorer);
    Query query = World.query(World.history(new int[] {0}, 1L), item -> item != 3, 2);
    Prepared prepared = source.prepare(query);
    assertEquals(0, calls.get());
    Candidates found = prepared.retrieve(10);
    assertArrayEquals(new int[] {4, 2}, found.items());
    assertArrayEquals(new float[] {3, 1}, found.scores());
    assertArrayEquals(new float[] {2, -1, Float.NaN}, prepared.score(new int[] {3, 0, 5}));
    assertEquals(1, calls.get());
    assertEquals(0, source.retrieve(World.query(NOBODY, ALL, 2), 10).size());
    assertEquals(1, calls.get());
  }

  @Test
  void trending_windowAndFilter_ranksByCount() {
    World world = new World();
    for (int i = 0; i < 4; i++) {
      world.add(0, Map.of());
    }
    long now = 100 * DAY;
    for (int n = 0; n < 9; n++) {
      world.event(0, now - 8 * DAY);
      world.event(1, now - 2 * DAY);
    }
    world.event(2, now - DAY);
    world.event(2, now - DAY);
    TrendingSource week = new TrendingSource("trending", world, 7, 1000);
    Query query = World.query(NOBODY, ALL, now);
    assertArrayEquals(new int[] {1, 2}, week.retrieve(query, 9).items());
    assertArrayEquals(new float[] {0, 9, 2, 0}, week.score(query, new int[] {0, 1, 2, 30}));
    assertArrayEquals(
        new int[] {2}, week.retrieve(World.query(NOBODY, i -> i != 1, now), 9).items());
  }

  @Test
  void trending_sameStepOfRequestTime_countsOnceAndAnswersAlike() {
    World world = new World();
    world.add(0, Map.of());
    long step = 60_000;
    long now = 1000 * step;
    world.event(0, now - 10);
    TrendingSource source = new TrendingSource("trending", world, 1, step);
    for (long time : new long[] {now, now + step - 1, now + step, now + 5, now + step + 3}) {
      assertEquals(1, source.retrieve(World.query(NOBODY, ALL, time), 1).scores()[0]);
    }
    assertEquals(2, world.countCalls);
    world.event(0, now + step + 4);
    assertEquals(1, source.retrieve(World.query(NOBODY, ALL, now + 2 * step - 1), 1).scores()[0]);
    assertEquals(2, source.retrieve(World.query(NOBODY, ALL, now + 2 * step), 1).scores()[0]);
    assertEquals(3, world.countCalls);
  }

  @Test
  void fresh_attributeOrFirstSeen_newestFirstAndNothingOfTheFuture() {
    World world = new World();
    long now = 50 * DAY;
    world.add(now - 9 * DAY, Map.of());
    world.add(now - 9 * DAY, Map.of("published", new AttributeValue.Time(now - DAY)));
    world.add(now - 9 * DAY, Map.of("published", new AttributeValue.Time(now + DAY)));
    world.add(now - 3 * DAY, Map.of());
    FreshSource source = new FreshSource("fresh", world, "published", 1000);
    Query query = World.query(NOBODY, ALL, now);
    assertArrayEquals(new int[] {1, 3, 0}, source.retrieve(query, 9).items());
    assertArrayEquals(
        new float[] {0.5f, Float.NaN, 0.25f, Float.NaN},
        source.score(query, new int[] {1, 2, 3, 99}));
    assertArrayEquals(
        new int[] {2, 1}, source.retrieve(World.query(NOBODY, ALL, now + 2 * DAY), 2).items());
  }

  @Test
  void fresh_itemsAddedAfterTheOrder_comeAtOnceInTheirPlace() {
    World world = new World();
    long now = 50 * DAY;
    for (int i = 0; i < 10; i++) {
      world.add(now - (20 - i) * DAY, Map.of());
    }
    FreshSource source = new FreshSource("fresh", world, null, DAY);
    Query query = World.query(NOBODY, item -> item != 9, now);
    assertArrayEquals(new int[] {8, 7}, source.retrieve(query, 2).items());
    int newest = world.add(now - 1, Map.of());
    int between = world.add(now - 12 * DAY - 5, Map.of());
    int oldest = world.add(now - 90 * DAY, Map.of());
    assertArrayEquals(new int[] {newest, 8, between, 7}, source.retrieve(query, 4).items());
    int[] all = source.retrieve(query, 100).items();
    assertEquals(12, all.length);
    assertEquals(oldest, all[11]);
    for (int i = 0; i < 3 * FreshSource.TAIL_LIMIT; i++) {
      world.add(now - 2, Map.of());
      if (i % 100 == 0) {
        assertEquals(newest, source.retrieve(query, 1).items()[0]);
      }
    }
  }

  @Test
  void timeAttribute_publishedBeforeOthers() {
    Schema none = new Schema(Map.of("a", AttributeType.STRING), Map.of(), Map.of(), false);
    Schema other = new Schema(Map.of("added", AttributeType.TIME), Map.of(), Map.of(), false);
    Schema both =
        new Schema(
            Map.of("added", AttributeType.TIME, "published", AttributeType.TIME),
            Map.of(),
            Map.of(),
            false);
    assertTrue(FreshSource.timeAttribute(none).isEmpty());
    assertEquals("added", FreshSource.timeAttribute(other).orElseThrow());
    assertEquals("published", FreshSource.timeAttribute(both).orElseThrow());
  }

  @Test
  void history_recencyAndFrequency_addUp() {
    HistorySource source = new HistorySource("history", DAY);
    UserHistory history = World.history(new int[] {4, 4, 6, 2}, 0, DAY, 2 * DAY, 2 * DAY);
    Query query = World.query(history, item -> item != 2, 2 * DAY);
    Candidates found = source.retrieve(query, 9);
    assertArrayEquals(new int[] {6, 4}, found.items());
    assertArrayEquals(new float[] {1, 0.75f}, found.scores());
    assertArrayEquals(new float[] {1, Float.NaN}, source.score(query, new int[] {2, 3}));
    assertEquals(0, source.retrieve(World.query(NOBODY, ALL, 0), 3).size());
  }
}
