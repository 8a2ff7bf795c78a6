package io.winnow.retrieval;

import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Policy;
import io.winnow.retrieval.CandidateSet.Missing;
import io.winnow.retrieval.CandidateSet.Reason;
import io.winnow.retrieval.CandidateSource.Candidates;
import io.winnow.retrieval.CandidateSource.Prepared;
import io.winnow.retrieval.CandidateSource.Query;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Asks all sources at the same time and merges what they propose under their quotas.
 *
 * <p>The merge goes in turns: next is the source that has used the smallest share of its quota, and
 * it gives its best item that is not yet in. An item that several sources propose counts for the
 * first that gave it. When every source has used its quota or given all it had, what is then left
 * of the sum of the quotas is filled up in the same turns from the sources that have more. At last
 * every source scores the items that others proposed.
 *
 * <p>A source that throws or is not done in time is left out and named in {@link
 * CandidateSet#missing}; the others go on. Its thread is interrupted, not waited for. Thread-safe;
 * the executor is the caller's and should be bounded: a refusal counts as missing too.
 */
public final class CandidateMerger {
  private final List<CandidateSource> sources;
  private final List<String> names;
  private final int[] quotas;
  private final int total;
  private final ExecutorService executor;

  /**
   * A merger.
   *
   * @param policy quotas by source name
   * @param sources the sources there are; those without a quota are left out
   */
  public CandidateMerger(
      Policy.Retrieval policy, List<CandidateSource> sources, ExecutorService executor) {
    this(
        sources.stream().filter(s -> policy.quotas().getOrDefault(s.name(), 0) > 0).toList(),
        policy.quotas(),
        executor);
  }

  private CandidateMerger(
      List<CandidateSource> sources, Map<String, Integer> quotas, ExecutorService executor) {
    this.sources = sources;
    this.names = sources.stream().map(CandidateSource::name).toList();
    if (names.stream().distinct().count() < names.size()) {
      throw new IllegalArgumentException("sources: " + names + " (expected: different names)");
    }
    this.quotas = names.stream().mapToInt(n -> quotas.getOrDefault(n, 0)).toArray();
    this.total = Arrays.stream(this.quotas).reduce(0, Math::addExact);
    this.executor = executor;
  }

  /**
   * A merger of the same sources under other quotas. A source of quota 0 proposes nothing and still
   * scores what others propose: who reads the scores finds the same columns.
   *
   * @param changes quotas by source name; those that are not named stay
   * @throws WinnowException naming each source that there is not and each quota below 0
   */
  public CandidateMerger withQuotas(Map<String, Integer> changes) {
    List<Problem> problems = new ArrayList<>();
    Map<String, Integer> next = new HashMap<>();
    for (int s = 0; s < quotas.length; s++) {
      next.put(names.get(s), quotas[s]);
    }
    changes.forEach((name, quota) -> {
      if (quota < 0) {
        problems.add(new Problem("retrieval." + name, quota.toString(), ">= 0"));
      } else if (!names.contains(name) && quota > 0) {
        problems.add(
            new Problem(
                "retrieval." + name,
                quota.toString(),
                "a source of the release: " + String.join(", ", names)));
      }
      next.put(name, quota);
    });
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems);
    }
    return new CandidateMerger(sources, next, executor);
  }

  /** How many candidates a set holds at most. */
  public int total() {
    return total;
  }

  /** The names of the S sources, in the order of a set's columns. */
  public List<String> sources() {
    return names;
  }

  /** One source's part of one request. */
  private record Answer(Prepared prepared, Candidates candidates) {}

  /**
   * Retrieves for one request.
   *
   * @param budget how long it may take: three quarters for proposals, the rest for scoring what
   *     others proposed
   */
  public CandidateSet retrieve(Query query, Duration budget) {
    long start = System.nanoTime();
    List<Missing> missing = new ArrayList<>();
    List<Answer> answers = ask(query, start + budget.toNanos() * 3 / 4, missing);
    int[] items = merge(answers);
    List<float[]> scored = score(answers, items, start + budget.toNanos(), missing);
    Map<Integer, Integer> positions = new HashMap<>();
    for (int i = 0; i < items.length; i++) {
      positions.put(items[i], i);
    }
    int columns = sources.size();
    float[] scores = new float[items.length * columns];
    int[] ranks = new int[scores.length];
    Arrays.fill(ranks, -1);
    for (int s = 0; s < columns; s++) {
      for (int i = 0; i < items.length; i++) {
        scores[i * columns + s] = scored.get(s)[i];
      }
      Candidates proposed = answers.get(s).candidates();
      for (int rank = 0; rank < proposed.size(); rank++) {
        Integer at = positions.get(proposed.items()[rank]);
        if (at != null) {
          scores[at * columns + s] = proposed.scores()[rank];
          ranks[at * columns + s] = rank;
        }
      }
    }
    return new CandidateSet(names, items, scores, ranks, missing);
  }

  private List<Answer> ask(Query query, long deadline, List<Missing> missing) {
    Answer nothing = new Answer(Unscored.INSTANCE, Candidates.NONE);
    List<Future<Answer>> futures = new ArrayList<>();
    for (int s = 0; s < sources.size(); s++) {
      CandidateSource source = sources.get(s);
      int quota = quotas[s];
      Callable<Answer> work =
          () -> {
            Prepared prepared = source.prepare(query);
            // As many as the whole set holds, so that it can stand in for all others.
            return new Answer(prepared, quota == 0 ? Candidates.NONE : prepared.retrieve(total));
          };
      futures.add(submit(s, work, missing, nothing));
    }
    return await(futures, deadline, missing, nothing);
  }

  private List<float[]> score(
      List<Answer> answers, int[] items, long deadline, List<Missing> missing) {
    float[] none = Unscored.INSTANCE.score(items);
    List<Future<float[]>> futures = new ArrayList<>();
    for (int s = 0; s < answers.size(); s++) {
      Prepared prepared = answers.get(s).prepared();
      futures.add(
          prepared == Unscored.INSTANCE
              ? CompletableFuture.completedFuture(none)
              : submit(s, () -> prepared.score(items), missing, none));
    }
    return await(futures, deadline, missing, none);
  }

  private <T> Future<T> submit(int source, Callable<T> work, List<Missing> missing, T otherwise) {
    try {
      return executor.submit(work);
    } catch (RejectedExecutionException e) {
      missing.add(new Missing(names.get(source), Reason.REFUSED, String.valueOf(e.getMessage())));
      return CompletableFuture.completedFuture(otherwise);
    }
  }

  /** One result a source, in their order; {@code otherwise} for those that do not deliver. */
  private <T> List<T> await(
      List<Future<T>> futures, long deadline, List<Missing> missing, T otherwise) {
    List<T> results = new ArrayList<>();
    for (int s = 0; s < futures.size(); s++) {
      Future<T> future = futures.get(s);
      T result = otherwise;
      try {
        result = future.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        future.cancel(true);
        missing.add(new Missing(names.get(s), Reason.LATE, "no answer in time"));
      } catch (ExecutionException e) {
        missing.add(new Missing(names.get(s), Reason.FAILED, String.valueOf(e.getCause())));
      } catch (InterruptedException e) {
        future.cancel(true);
        Thread.currentThread().interrupt();
        missing.add(new Missing(names.get(s), Reason.LATE, "interrupted"));
      }
      results.add(result);
    }
    return results;
  }

  private int[] merge(List<Answer> answers) {
    Gathered merged = new Gathered(total);
    IntSet met = new IntSet(total);
    int[] next = new int[answers.size()];
    int[] given = new int[answers.size()];
    // Up to the quotas first; then, if room is left, beyond them.
    for (boolean beyond : new boolean[] {false, true}) {
      for (int s = turn(answers, next, given, beyond);
          s >= 0 && !merged.full();
          s = turn(answers, next, given, beyond)) {
        int item = answers.get(s).candidates().items()[next[s]++];
        if (met.add(item)) {
          merged.add(item, 0);
          given[s]++;
        }
      }
    }
    return merged.candidates().items();
  }

  /** The source that has more to give and used the smallest share of its quota; -1 if none. */
  private int turn(List<Answer> answers, int[] next, int[] given, boolean beyond) {
    int best = -1;
    for (int s = 0; s < answers.size(); s++) {
      boolean more = next[s] < answers.get(s).candidates().size();
      if (more
          && (beyond || given[s] < quotas[s])
          && (best < 0 || (long) given[s] * quotas[best] < (long) given[best] * quotas[s])) {
        best = s;
      }
    }
    return best;
  }
}
