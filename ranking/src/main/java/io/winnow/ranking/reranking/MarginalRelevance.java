package io.winnow.ranking.reranking;

import io.winnow.core.application.Policy;
import io.winnow.features.Catalog;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Scores candidates by what they add to the slate so far: maximal marginal relevance (Carbonell,
 * Goldstein: The use of MMR, diversity-based reranking, SIGIR 1998), {@code (1 - s) relevance - s
 * max similarity to a placed item}, with s the strength.
 *
 * <p>Relevance is the score, scaled to [0, 1] over the request's candidates, so that a strength
 * means the same whatever the scale of the scores. Similarity is in [0, 1]: the mean over the
 * attributes' Jaccard similarities and, where both items have a vector, the cosine, negative ones
 * as 0. Equal values go to the better score, so strength 0 gives the ranked order exactly.
 *
 * <p>The largest similarity to a placed item is kept for each candidate and raised as items are
 * placed, so a slate of n costs n passes, not n². Lives for one request; not thread-safe.
 */
final class MarginalRelevance {
  private final float strength;
  private final float[] relevance;
  private final Similarity similarity;

  /** Of each candidate to the placed item that it resembles most, shape (C). */
  private final float[] nearest;

  private MarginalRelevance(float strength, float[] relevance, Similarity similarity) {
    this.strength = strength;
    this.relevance = relevance;
    this.similarity = similarity;
    this.nearest = new float[relevance.length];
  }

  static MarginalRelevance of(
      Policy.@Nullable Diversity diversity,
      Candidates candidates,
      Catalog catalog,
      ItemVectors vectors) {
    float[] relevance = scaled(candidates.scores());
    if (diversity == null || diversity.strength() == 0) {
      return new MarginalRelevance(0, relevance, Similarity.NONE);
    }
    return new MarginalRelevance(
        (float) diversity.strength(),
        relevance,
        Similarity.of(diversity.by(), candidates, catalog, vectors));
  }

  /** The pool's candidate with the largest marginal relevance; the pool is not empty. */
  int best(BitSet pool) {
    int best = pool.nextSetBit(0);
    float bestValue = value(best);
    for (int c = pool.nextSetBit(best + 1); c >= 0; c = pool.nextSetBit(c + 1)) {
      float value = value(c);
      if (value > bestValue) {
        best = c;
        bestValue = value;
      }
    }
    return best;
  }

  /** Takes note of a candidate that was put in the slate. */
  void place(int candidate) {
    if (strength == 0) {
      return;
    }
    for (int c = 0; c < nearest.length; c++) {
      nearest[c] = Math.max(nearest[c], similarity.between(c, candidate));
    }
  }

  private float value(int candidate) {
    return (1 - strength) * relevance[candidate] - strength * nearest[candidate];
  }

  /** Scores scaled to [0, 1]; all 1 where they are equal. Scores are descending. */
  private static float[] scaled(float[] scores) {
    float[] scaled = new float[scores.length];
    Arrays.fill(scaled, 1);
    if (scores.length > 0 && scores[0] > scores[scores.length - 1]) {
      // In double, because the difference of two finite floats may overflow a float.
      double low = scores[scores.length - 1];
      double range = scores[0] - low;
      for (int c = 0; c < scores.length; c++) {
        scaled[c] = (float) ((scores[c] - low) / range);
      }
    }
    return scaled;
  }

  /**
   * How much two candidates resemble each other, in [0, 1]; symmetric.
   *
   * @param unitVectors of length 1, shape (C, E); empty where an item has no direction
   */
  record Similarity(List<Categories> attributes, float[][] unitVectors) {
    /** Nothing resembles anything. */
    static final Similarity NONE = new Similarity(List.of(), new float[0][]);

    private static final float[] NO_DIRECTION = {};

    static Similarity of(
        List<String> attributes, Candidates candidates, Catalog catalog, ItemVectors vectors) {
      List<Categories> categories = new ArrayList<>();
      for (String attribute : attributes) {
        categories.add(Categories.of(attribute, candidates, catalog));
      }
      float[][] units = new float[candidates.size()][];
      for (int c = 0; c < units.length; c++) {
        units[c] = unit(vectors.vector(candidates.item(c)));
      }
      return new Similarity(categories, units);
    }

    float between(int a, int b) {
      float sum = 0;
      int parts = attributes.size();
      for (Categories categories : attributes) {
        sum += categories.similarity(a, b);
      }
      float[] left = unitVectors[a];
      float[] right = unitVectors[b];
      if (left.length > 0 && right.length > 0) {
        sum += Math.clamp(dot(left, right), 0f, 1f);
        parts++;
      }
      return parts == 0 ? 0 : sum / parts;
    }

    private static float dot(float[] left, float[] right) {
      float sum = 0;
      for (int e = 0; e < left.length; e++) {
        sum += left[e] * right[e];
      }
      return sum;
    }

    /** A copy of length 1; the zero vector has no direction. */
    private static float[] unit(float @Nullable [] vector) {
      double norm = 0;
      if (vector != null) {
        for (float x : vector) {
          norm += (double) x * x;
        }
      }
      if (vector == null || norm == 0) {
        return NO_DIRECTION;
      }
      float[] unit = new float[vector.length];
      for (int e = 0; e < unit.length; e++) {
        unit[e] = (float) (vector[e] / Math.sqrt(norm));
      }
      return unit;
    }
  }
}
