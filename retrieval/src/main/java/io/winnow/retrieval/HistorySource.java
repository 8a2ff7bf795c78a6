package io.winnow.retrieval;

import io.winnow.features.UserHistory;
import io.winnow.models.TopK;
import java.util.HashMap;
import java.util.Map;

/**
 * Proposes what the user had before, for applications where items repeat, as in a shop. The score
 * unites recency and frequency: each event adds {@code 0.5^(age / half-life)}. An item that the
 * user never had has no score. Thread-safe.
 */
public final class HistorySource implements CandidateSource {
  private final String name;
  private final double halfLifeMs;

  /**
   * A source over the request's own history.
   *
   * @param halfLifeMs after how long an event counts half, > 0
   */
  public HistorySource(String name, double halfLifeMs) {
    if (!(halfLifeMs > 0)) {
      throw new IllegalArgumentException("halfLifeMs: " + halfLifeMs + " (expected: > 0)");
    }
    this.name = name;
    this.halfLifeMs = halfLifeMs;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Prepared prepare(Query query) {
    return query.history().length() == 0 ? Unscored.INSTANCE : new Request(query, sums(query));
  }

  private Map<Integer, Float> sums(Query query) {
    UserHistory history = query.history();
    Map<Integer, Float> sums = new HashMap<>();
    for (int e = 0; e < history.length(); e++) {
      double age = Math.max(0, query.timeMs() - history.timesMs()[e]);
      sums.merge(history.items()[e], (float) Math.pow(0.5, age / halfLifeMs), Float::sum);
    }
    return sums;
  }

  private record Request(Query query, Map<Integer, Float> sums) implements Prepared {
    @Override
    public Candidates retrieve(int k) {
      TopK best = new TopK(k);
      for (Map.Entry<Integer, Float> entry : sums.entrySet()) {
        if (query.filter().allows(entry.getKey())) {
          best.offer(entry.getKey(), entry.getValue());
        }
      }
      TopK.Ranked ranked = best.drain();
      return new Candidates(ranked.items(), ranked.scores());
    }

    @Override
    public float[] score(int[] items) {
      float[] scores = new float[items.length];
      for (int i = 0; i < items.length; i++) {
        scores[i] = sums.getOrDefault(items[i], Float.NaN);
      }
      return scores;
    }
  }
}
