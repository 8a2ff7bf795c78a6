package io.winnow.retrieval;

import io.winnow.features.FeatureReader;
import io.winnow.models.TopK;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Proposes the items with the most events in a window that ends now: {@code trending} over a day or
 * a week, {@code popular} over a month. Live over the feature store.
 *
 * <p>Time is cut into steps of {@code refreshMs} of request time. The first request of a step
 * counts the window that ends where the step began and ranks all items; the others of the step read
 * that. So with the same log, the same request time gives the same answer, whatever was asked
 * before, and a count is at most one step old. The rankings of the last two steps are kept, for
 * requests that arrive out of order; an older one is computed for itself. Thread-safe; requests of
 * a new step wait for the one that counts, O(N log N).
 */
public final class TrendingSource implements CandidateSource {
  private static final int KEPT_STEPS = 2;

  private final String name;
  private final FeatureReader features;
  private final int days;
  private final long refreshMs;
  private volatile List<Ranking> rankings = List.of();

  /** What one step knows: items with events, best first, and the counts of all. */
  private record Ranking(long stepMs, float[] counts, TopK.Ranked best) {}

  /**
   * A source over the feature store.
   *
   * @param days the window, one that {@link FeatureReader#itemCounts} offers
   * @param refreshMs how long a ranking stands, >= 1
   */
  public TrendingSource(String name, FeatureReader features, int days, long refreshMs) {
    if (refreshMs < 1) {
      throw new IllegalArgumentException("refreshMs: " + refreshMs + " (expected: >= 1)");
    }
    this.name = name;
    this.features = features;
    this.days = days;
    this.refreshMs = refreshMs;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Prepared prepare(Query query) {
    return new Request(query);
  }

  private Ranking rankingAt(long timeMs) {
    long stepMs = Math.floorDiv(timeMs, refreshMs) * refreshMs;
    Ranking kept = kept(stepMs);
    return kept != null ? kept : count(stepMs);
  }

  private @Nullable Ranking kept(long stepMs) {
    for (Ranking ranking : rankings) {
      if (ranking.stepMs() == stepMs) {
        return ranking;
      }
    }
    return null;
  }

  private synchronized Ranking count(long stepMs) {
    Ranking kept = kept(stepMs);
    if (kept != null) {
      return kept;
    }
    float[] counts = features.itemCounts(days, stepMs);
    TopK best = new TopK(counts.length);
    for (int item = 0; item < counts.length; item++) {
      if (counts[item] > 0) {
        best.offer(item, counts[item]);
      }
    }
    Ranking ranking = new Ranking(stepMs, counts, best.drain());
    List<Ranking> newest = new ArrayList<>(rankings);
    newest.add(ranking);
    newest.sort((a, b) -> Long.compare(b.stepMs(), a.stepMs()));
    rankings = List.copyOf(newest.subList(0, Math.min(KEPT_STEPS, newest.size())));
    return ranking;
  }

  private final class Request implements Prepared {
    private final Query query;
    private @Nullable Ranking ranking;

    Request(Query query) {
      this.query = query;
    }

    private Ranking ranking() {
      Ranking found = ranking == null ? rankingAt(query.timeMs()) : ranking;
      ranking = found;
      return found;
    }

    @Override
    public Candidates retrieve(int k) {
      TopK.Ranked best = ranking().best();
      Gathered gathered = new Gathered(k);
      for (int i = 0; i < best.size() && !gathered.full(); i++) {
        if (query.filter().allows(best.items()[i])) {
          gathered.add(best.items()[i], best.scores()[i]);
        }
      }
      return gathered.candidates();
    }

    @Override
    public float[] score(int[] items) {
      float[] counts = ranking().counts();
      float[] scores = new float[items.length];
      for (int i = 0; i < items.length; i++) {
        // An item that came after the count had no events in the window.
        scores[i] = items[i] < counts.length ? counts[items[i]] : 0f;
      }
      return scores;
    }
  }
}
