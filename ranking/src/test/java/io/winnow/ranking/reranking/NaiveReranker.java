package io.winnow.ranking.reranking;

import io.winnow.core.application.Policy;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Greedy marginal relevance under caps, straight from the definition: everything anew each time.
 */
final class NaiveReranker {
  private NaiveReranker() {}

  /** The deterministic slate of a ranked list without duplicates; exploration is not its matter. */
  static int[] rerank(RerankerTest.World world, Policy.Reranking policy, int n) {
    List<Integer> slate = new ArrayList<>();
    List<String> caps = new ArrayList<>(policy.caps().keySet());
    while (slate.size() < Math.min(n, world.items.length)) {
      Integer best = null;
      double bestValue = 0;
      for (int c = 0; c < world.items.length; c++) {
        int item = world.items[c];
        if (slate.contains(item) || !allowed(world, policy, caps, slate, item)) {
          continue;
        }
        double value = value(world, policy.diversity(), slate, c);
        if (best == null || value > bestValue + 1e-6) {
          best = item;
          bestValue = value;
        }
      }
      if (best == null) {
        caps.removeLast();
      } else {
        slate.add(best);
      }
    }
    return slate.stream().mapToInt(i -> i).toArray();
  }

  private static boolean allowed(
      RerankerTest.World world,
      Policy.Reranking policy,
      List<String> caps,
      List<Integer> slate,
      int item) {
    for (String attribute : caps) {
      for (String category : world.categories(attribute, item)) {
        long same =
            slate.stream().filter(p -> world.categories(attribute, p).contains(category)).count();
        if (same >= policy.caps().getOrDefault(attribute, Integer.MAX_VALUE)) {
          return false;
        }
      }
    }
    return true;
  }

  private static double value(
      RerankerTest.World world, Policy.@Nullable Diversity diversity, List<Integer> slate, int c) {
    float low = world.scores[world.scores.length - 1];
    float high = world.scores[0];
    double relevance = high == low ? 1 : (world.scores[c] - low) / (high - low);
    if (diversity == null) {
      return relevance;
    }
    double nearest = 0;
    for (int placed : slate) {
      nearest = Math.max(nearest, similarity(world, diversity.by(), placed, world.items[c]));
    }
    return (1 - diversity.strength()) * relevance - diversity.strength() * nearest;
  }

  static double similarity(RerankerTest.World world, List<String> by, int a, int b) {
    List<Double> parts = new ArrayList<>();
    for (String attribute : by) {
      Set<String> union = new HashSet<>(world.categories(attribute, a));
      Set<String> common = new HashSet<>(union);
      union.addAll(world.categories(attribute, b));
      common.retainAll(new HashSet<>(world.categories(attribute, b)));
      parts.add(union.isEmpty() ? 0 : (double) common.size() / union.size());
    }
    float[] left = world.vectors.vector(a);
    float[] right = world.vectors.vector(b);
    if (left != null && right != null) {
      double dot = 0;
      double leftNorm = 0;
      double rightNorm = 0;
      for (int e = 0; e < left.length; e++) {
        dot += left[e] * right[e];
        leftNorm += left[e] * left[e];
        rightNorm += right[e] * right[e];
      }
      parts.add(Math.max(0, dot / Math.sqrt(leftNorm * rightNorm)));
    }
    return parts.stream().mapToDouble(p -> p).average().orElse(0);
  }
}
