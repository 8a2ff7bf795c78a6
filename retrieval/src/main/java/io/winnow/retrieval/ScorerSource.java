package io.winnow.retrieval;

import io.winnow.features.UserHistory;
import io.winnow.models.ItemScorer;
import io.winnow.models.TopK;

/**
 * Proposes what an {@link ItemScorer} makes of the user's history: item transitions, EASE, implicit
 * ALS. All items are scored once a request, at the first use. A user without history gets nothing;
 * nor is an item proposed without evidence (a score above 0). Thread-safe.
 */
public final class ScorerSource implements CandidateSource {
  private final String name;
  private final ItemScorer scorer;

  /** A source over a scorer of catalogue indices. */
  public ScorerSource(String name, ItemScorer scorer) {
    this.name = name;
    this.scorer = scorer;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Prepared prepare(Query query) {
    return query.history().length() == 0 ? Unscored.INSTANCE : new Request(query);
  }

  private final class Request implements Prepared {
    private final Query query;

    /** By item; empty until the first use. */
    private float[] scores = new float[0];

    Request(Query query) {
      this.query = query;
    }

    private float[] scores() {
      if (scores.length < scorer.itemCount()) {
        UserHistory history = query.history();
        float[] computed = new float[scorer.itemCount()];
        scorer.score(history.items(), history.timesMs(), query.timeMs(), computed);
        scores = computed;
      }
      return scores;
    }

    @Override
    public Candidates retrieve(int k) {
      float[] all = scores();
      TopK best = new TopK(k);
      for (int item = 0; item < all.length; item++) {
        if (all[item] > 0 && all[item] >= best.threshold() && query.filter().allows(item)) {
          best.offer(item, all[item]);
        }
      }
      TopK.Ranked ranked = best.drain();
      return new Candidates(ranked.items(), ranked.scores());
    }

    @Override
    public float[] score(int[] items) {
      float[] all = scores();
      float[] chosen = new float[items.length];
      for (int i = 0; i < items.length; i++) {
        chosen[i] = items[i] < all.length ? all[items[i]] : Float.NaN;
      }
      return chosen;
    }
  }
}
