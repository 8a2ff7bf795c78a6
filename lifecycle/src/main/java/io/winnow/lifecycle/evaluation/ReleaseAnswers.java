package io.winnow.lifecycle.evaluation;

import io.winnow.core.AttributeValue;
import io.winnow.core.ItemId;
import io.winnow.features.FeatureReader;
import io.winnow.lifecycle.CallerRunsExecutor;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.RequestStages.Moment;
import io.winnow.lifecycle.RequestStages.Ranked;
import io.winnow.lifecycle.ServingRelease;
import io.winnow.lifecycle.ServingRelease.Judged;
import io.winnow.lifecycle.evaluation.HeldOutMoments.Stop;
import io.winnow.ranking.reranking.Slate.Placed;
import io.winnow.retrieval.CandidateSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Lets one release answer the moments of a log, in log order. Not thread-safe. */
final class ReleaseAnswers {
  /** Kinds of failure that are kept. */
  private static final int KEPT = 5;

  /** How often a request is timed: the least of them is what it costs undisturbed. */
  private static final int REPEATS = 3;

  private static final Duration NO_LIMIT = Duration.ofMinutes(1);

  private final ServingRelease serving;
  private final FeatureReader reader;
  private final int slate;
  private final List<String> quotaSources;
  private final Map<String, String> failures = new LinkedHashMap<>();
  private final Set<String> notFinite = new LinkedHashSet<>();

  /**
   * @param slate how many items are asked for
   */
  ReleaseAnswers(Release release, FeatureReader reader, int slate) {
    this.serving = new ServingRelease(release, reader, new CallerRunsExecutor());
    this.reader = reader;
    this.slate = slate;
    Map<String, Integer> quotas = release.definition().policy().retrieval().quotas();
    this.quotaSources =
        quotas.entrySet().stream()
            .filter(entry -> entry.getValue() > 0)
            .map(Map.Entry::getKey)
            .toList();
  }

  /**
   * What a release said at one moment.
   *
   * @param scores of the items asked about that were known, shape (items)
   * @param probabilities the ranker's, shape (items, T)
   * @param ranks where each source proposed each item, by source: -1 for not at all, shape (items);
   *     under {@link #ALL} 0 for what was retrieved at all
   * @param answerRank where the first item would have stood in the whole answer, for choices; -1
   *     for not at all
   */
  record Answer(
      float[] scores, float[] probabilities, int heads, Map<String, int[]> ranks, int answerRank) {
    boolean finite() {
      for (float score : scores) {
        if (!Float.isFinite(score)) {
          return false;
        }
      }
      return true;
    }
  }

  /** The name under which all sources together are counted. */
  static final String ALL = "candidates";

  /** The objectives that its ranker predicts. */
  List<String> objectives() {
    return serving.objectives();
  }

  /** Whether an item is known at this moment. */
  boolean knows(ItemId item) {
    return serving.indexOf(item) >= 0;
  }

  /** How many items are known at this moment. */
  int catalogSize() {
    return serving.catalogSize();
  }

  /** Judges the items of a moment; null if it fails. */
  @Nullable Answer judge(Stop stop) {
    try {
      Judged judged = serving.judge(stop.user(), stop.timeMs(), stop.items());
      requireFinite("query vector of the encoder", judged.moment().userVector());
      requireFinite("prediction of the ranker", judged.probabilities());
      CandidateSet candidates = judged.candidates();
      Map<String, int[]> ranks = new LinkedHashMap<>();
      int[] rows =
          stop.items().stream().mapToInt(item -> row(candidates, serving.indexOf(item))).toArray();
      int[] found = new int[rows.length];
      for (int i = 0; i < rows.length; i++) {
        found[i] = rows[i] < 0 ? -1 : 0;
      }
      ranks.put(ALL, found);
      for (int s = 0; s < candidates.sources().size(); s++) {
        if (quotaSources.contains(candidates.sources().get(s))) {
          int[] places = new int[rows.length];
          for (int i = 0; i < rows.length; i++) {
            places[i] = rows[i] < 0 ? -1 : candidates.rank(rows[i], s);
          }
          ranks.put(candidates.sources().get(s), places);
        }
      }
      int answerRank =
          stop.isSlate() ? -1 : answerRank(judged, serving.indexOf(stop.items().getFirst()));
      return new Answer(judged.scores(), judged.probabilities(), judged.heads(), ranks, answerRank);
    } catch (RuntimeException e) {
      fail(e);
      return null;
    }
  }

  private static int row(CandidateSet candidates, int item) {
    for (int row = 0; row < candidates.size(); row++) {
      if (candidates.items()[row] == item) {
        return row;
      }
    }
    return -1;
  }

  /** The place in the slate, and behind it in what the ranking had left over. */
  private int answerRank(Judged judged, int item) {
    if (row(judged.candidates(), item) < 0) {
      return -1;
    }
    Ranked ranked = serving.rank(judged.moment(), judged.candidates());
    Set<Integer> list = new LinkedHashSet<>();
    for (Placed placed :
        serving.rerankWithoutExploration(judged.moment(), ranked, slate).placed()) {
      list.add(placed.item());
    }
    for (int other : ranked.items()) {
      list.add(other);
    }
    int rank = 0;
    for (int other : list) {
      if (other == item) {
        return rank;
      }
      rank++;
    }
    return -1;
  }

  private void requireFinite(String what, float @Nullable [] numbers) {
    if (numbers == null) {
      return;
    }
    for (float number : numbers) {
      if (!Float.isFinite(number)) {
        notFinite.add(what + ": " + number);
        return;
      }
    }
  }

  private void fail(RuntimeException e) {
    if (failures.size() < KEPT) {
      failures.putIfAbsent(e.getClass().getName(), String.valueOf(e.getMessage()));
    }
  }

  /**
   * How an answer to a request was.
   *
   * @param nanos how long it took
   * @param missing how many items short it was
   */
  record Served(long nanos, boolean failed, int missing, boolean degraded) {
    boolean whole() {
      return !failed && missing == 0 && !degraded;
    }
  }

  /** Answers a request as serving would, without what stands in where a stage fails. */
  Served serve(Stop stop) {
    return serve(stop, REPEATS);
  }

  /**
   * The same.
   *
   * @param repeats how often; the least of the times counts
   */
  Served serve(Stop stop, int repeats) {
    long best = Long.MAX_VALUE;
    int placed = 0;
    int possible = 0;
    boolean degraded = false;
    try {
      for (int repeat = 0; repeat < repeats; repeat++) {
        long began = System.nanoTime();
        Moment moment = serving.moment(stop.user(), Map.of(), _ -> true, stop.timeMs());
        CandidateSet candidates = serving.retrieve(moment, NO_LIMIT);
        Ranked ranked = serving.rank(moment, candidates);
        placed = serving.rerank(moment, ranked, slate, repeat).placed().size();
        best = Math.min(best, System.nanoTime() - began);
        degraded |= !candidates.missing().isEmpty();
        possible = possible(moment);
      }
    } catch (RuntimeException e) {
      fail(e);
      return new Served(0, true, slate, false);
    }
    return new Served(best, false, Math.max(0, Math.min(slate, possible) - placed), degraded);
  }

  /** How many items may be shown, counted no further than are asked for. */
  private int possible(Moment moment) {
    int possible = 0;
    for (int item = 0; item < serving.catalogSize() && possible < slate; item++) {
      possible += moment.filter().allows(item) ? 1 : 0;
    }
    return possible;
  }

  /**
   * The kinds of users that a request belongs to: all, new or known, and what they say of theirs.
   */
  List<String> segments(Stop stop) {
    List<String> segments = new ArrayList<>();
    segments.add("all");
    segments.add(reader.history(stop.user()).length() == 0 ? "new users" : "known users");
    reader
        .userAttributes(stop.user())
        .forEach((name, value) -> {
          if (value instanceof AttributeValue.Text(String text)) {
            segments.add("user." + name + "=" + text);
          }
        });
    return segments;
  }

  List<String> failures() {
    return failures.entrySet().stream().map(e -> e.getKey() + ": " + e.getValue()).toList();
  }

  List<String> notFinite() {
    return List.copyOf(notFinite);
  }
}
