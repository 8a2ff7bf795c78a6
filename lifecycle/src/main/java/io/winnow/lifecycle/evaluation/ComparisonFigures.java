package io.winnow.lifecycle.evaluation;

import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.Objectives.Objective;
import io.winnow.lifecycle.evaluation.HeldOutMoments.Stop;
import io.winnow.lifecycle.evaluation.ReleaseAnswers.Answer;
import io.winnow.lifecycle.evaluation.ReleaseAnswers.Served;
import io.winnow.lifecycle.evaluation.ReleaseComparison.Answers;
import io.winnow.lifecycle.evaluation.ReleaseComparison.Segment;
import io.winnow.lifecycle.evaluation.ReleaseComparison.Side;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Collects what two releases answered and makes figures of it. Not thread-safe.
 *
 * <p><b>Shown items.</b> Users can only take what the champion showed them, and take more of what
 * stood at the top, whatever it was. So a slate's outcomes are compared by how both releases rank
 * <em>the items of that slate</em>, and each outcome weighs as much more as its place is looked at
 * less (Joachims, Swaminathan, Schnabel: Unbiased learning-to-rank with biased feedback, WSDM
 * 2017). How much a place is looked at says {@link Examination}. What remains: the champion chose
 * the slate, so its own scores differ less within it than another's; that favours the candidate,
 * and never makes an equally good one look bad.
 */
final class ComparisonFigures {
  /** No outcome weighs more than this many times one at a place that is looked at as the mean. */
  private static final double MAX_WEIGHT = 5;

  private static final int MIN_DEPTH = 10;
  private static final int MAX_DEPTH = 100;

  /** Kinds of users beyond these are not told apart. */
  private static final int MAX_SEGMENTS = 50;

  private final ApplicationDefinition application;
  private final ReleaseComparer.Settings settings;
  private final HeldOutMoments moments;
  private final boolean paired;
  private final List<Judged> judged = new ArrayList<>();
  private final Map<String, int[]> segments = new LinkedHashMap<>();
  private final List<List<Served>> served = new ArrayList<>();
  private int catalogSize;

  ComparisonFigures(
      ApplicationDefinition application,
      ReleaseComparer.Settings settings,
      HeldOutMoments moments,
      boolean paired) {
    this.application = application;
    this.settings = settings;
    this.moments = moments;
    this.paired = paired;
  }

  /** What all releases said at a moment, candidate first. */
  private record Judged(Stop stop, List<Answer> answers) {
    Answer candidate() {
      return answers.getFirst();
    }
  }

  /** Takes in what releases said of a moment's items, null where one failed: candidate first. */
  void judged(Stop stop, @Nullable Answer[] answers, int items) {
    catalogSize = Math.max(catalogSize, items);
    List<Answer> all = Arrays.stream(answers).filter(Objects::nonNull).toList();
    if (all.size() == answers.length) {
      judged.add(new Judged(stop, all));
    }
  }

  /** Takes in how releases answered a request, candidate first. */
  void served(List<String> kinds, List<Served> answers) {
    served.add(answers);
    Served candidate = answers.getFirst();
    @Nullable Served champion = paired ? answers.getLast() : null;
    for (String kind : kinds) {
      if (segments.size() >= MAX_SEGMENTS && !segments.containsKey(kind)) {
        continue;
      }
      int[] counts = segments.computeIfAbsent(kind, _ -> new int[9]);
      counts[0]++;
      count(candidate, counts, 1);
      if (champion != null) {
        count(champion, counts, 4);
        counts[7] += !candidate.whole() && champion.whole() ? 1 : 0;
        counts[8] += candidate.whole() && !champion.whole() ? 1 : 0;
      }
    }
  }

  private static void count(Served served, int[] counts, int at) {
    counts[at] += served.failed() ? 1 : 0;
    counts[at + 1] += served.missing() > 0 ? 1 : 0;
    counts[at + 2] += served.degraded() ? 1 : 0;
  }

  ReleaseComparison build(List<ReleaseAnswers> releases, String cutShort) {
    int depth = Math.clamp(catalogSize / 10, MIN_DEPTH, MAX_DEPTH);
    Map<String, Segment> kinds = new TreeMap<>();
    segments.forEach((kind, c) ->
        kinds.put(
            kind,
            new Segment(
                c[0], new Answers(c[1], c[2], c[3]), new Answers(c[4], c[5], c[6]), c[7], c[8])));
    return new ReleaseComparison(
        moments.outcomes(),
        moments.impressions(),
        shown(),
        organic(),
        recall(depth),
        depth,
        side(releases, 0),
        paired ? side(releases, 1) : null,
        kinds,
        cutShort);
  }

  private @Nullable PairedDifference shown() {
    double[] examination = examination();
    PairedDifference.Builder all = new PairedDifference.Builder();
    for (Judged one : judged) {
      Stop stop = one.stop();
      if (!stop.isSlate() || !stop.uses().outcome() || stop.items().size() < 2) {
        continue;
      }
      double weight = 0;
      double[] worth = new double[2];
      int outcomes = 0;
      for (int i = 0; i < stop.items().size(); i++) {
        double gain = gain(stop, i);
        if (gain > 0) {
          gain *= Math.min(MAX_WEIGHT, 1 / Examination.at(examination, stop.positions()[i]));
          weight += gain;
          for (int r = 0; r < one.answers().size(); r++) {
            worth[r] += gain * settings.metric().value(rank(one.answers().get(r).scores(), i));
          }
          outcomes++;
        }
      }
      if (outcomes > 0) {
        all.add(stop.user(), outcomes, weight, worth[0], paired ? worth[1] : Double.NaN);
      }
    }
    return all.outcomes() == 0
        ? null
        : all.build(settings.confidence(), settings.seed().derive("shown"));
  }

  /** The place of an item by score; ties count against it, and what is no number stands last. */
  private static int rank(float[] scores, int item) {
    int rank = 0;
    for (int other = 0; other < scores.length; other++) {
      boolean before = Float.isNaN(scores[item]) ? true : scores[other] >= scores[item];
      rank += other != item && before ? 1 : 0;
    }
    return rank;
  }

  /** What became of an item, by the objectives' weights. */
  private double gain(Stop stop, int item) {
    List<Objective> objectives = application.objectives().list();
    double gain = 0;
    for (int t = 0; t < objectives.size(); t++) {
      gain += objectives.get(t).weight() * stop.labels()[item * objectives.size() + t];
    }
    return gain;
  }

  /** How much each place is looked at, by the even sample of slates. */
  private double[] examination() {
    int releases = paired ? 2 : 1;
    Examination examination = new Examination(releases);
    for (Judged one : judged) {
      if (!one.stop().isSlate() || !one.stop().uses().calibration()) {
        continue;
      }
      for (int i = 0; i < one.stop().items().size(); i++) {
        double[] scores = new double[releases];
        for (int r = 0; r < releases; r++) {
          Answer answer = one.answers().get(r);
          scores[r] = answer.heads() > 0 && answer.finite() ? answer.scores()[i] : 0;
        }
        examination.add(one.stop().positions()[i], Math.max(0, gain(one.stop(), i)), scores);
      }
    }
    return examination.fit();
  }

  private @Nullable PairedDifference organic() {
    PairedDifference.Builder all = new PairedDifference.Builder();
    for (Judged one : judged) {
      if (!one.stop().isSlate() && one.stop().uses().outcome()) {
        all.add(
            one.stop().user(),
            1,
            1,
            settings.metric().value(one.candidate().answerRank()),
            paired ? settings.metric().value(one.answers().get(1).answerRank()) : Double.NaN);
      }
    }
    return all.outcomes() == 0
        ? null
        : all.build(settings.confidence(), settings.seed().derive("organic"));
  }

  private Map<String, PairedDifference> recall(int depth) {
    Map<String, PairedDifference.Builder> builders = new LinkedHashMap<>();
    for (Judged one : judged) {
      if (!one.stop().uses().outcome()) {
        continue;
      }
      for (Map.Entry<String, int[]> source : one.candidate().ranks().entrySet()) {
        int @Nullable [] champion =
            paired ? one.answers().get(1).ranks().get(source.getKey()) : null;
        if (paired && champion == null) {
          continue;
        }
        PairedDifference.Builder builder =
            builders.computeIfAbsent(source.getKey(), _ -> new PairedDifference.Builder());
        for (int i = 0; i < one.stop().items().size(); i++) {
          if (gain(one.stop(), i) > 0) {
            builder.add(
                one.stop().user(),
                1,
                1,
                hit(source.getValue()[i], depth),
                champion == null ? Double.NaN : hit(champion[i], depth));
          }
        }
      }
    }
    Map<String, PairedDifference> recall = new LinkedHashMap<>();
    builders.forEach((source, builder) -> {
      if (builder.outcomes() > 0) {
        recall.put(source, builder.build(settings.confidence(), settings.seed().derive("recall")));
      }
    });
    return recall;
  }

  private static double hit(int rank, int depth) {
    return rank >= 0 && rank < depth ? 1 : 0;
  }

  private Side side(List<ReleaseAnswers> releases, int release) {
    if (releases.isEmpty()) {
      return new Side(Map.of(), 0, Double.NaN, Double.NaN, List.of(), List.of());
    }
    ReleaseAnswers answers = releases.get(release);
    long[] nanos =
        served.stream()
            .filter(pair -> pair.stream().noneMatch(Served::failed))
            .mapToLong(pair -> pair.get(release).nanos())
            .sorted()
            .toArray();
    return new Side(
        calibration(answers.objectives(), release),
        nanos.length,
        quantileMs(nanos, 0.5),
        quantileMs(nanos, 0.95),
        answers.failures(),
        answers.notFinite());
  }

  private static double quantileMs(long[] sorted, double q) {
    return sorted.length == 0
        ? Double.NaN
        : sorted[Math.min(sorted.length - 1, (int) (q * sorted.length))] / 1e6;
  }

  private Map<String, Calibration> calibration(List<String> heads, int release) {
    List<Judged> slates =
        judged.stream()
            .filter(one -> one.stop().uses().calibration())
            .filter(one -> one.answers().get(release).finite())
            .toList();
    Map<String, Calibration> byObjective = new LinkedHashMap<>();
    List<Objective> objectives = application.objectives().list();
    Map<UserId, Integer> users = new HashMap<>();
    int[] userOf =
        slates.stream()
            .flatMapToInt(one ->
                IntStream.range(0, one.stop().items().size())
                    .map(_ -> users.computeIfAbsent(one.stop().user(), _ -> users.size())))
            .toArray();
    for (int t = 0; t < objectives.size(); t++) {
      int head = heads.indexOf(objectives.get(t).name());
      if (head < 0 || userOf.length == 0) {
        continue;
      }
      float[] probabilities = new float[userOf.length];
      float[] labels = new float[userOf.length];
      int at = 0;
      for (Judged one : slates) {
        Answer answer = one.answers().get(release);
        for (int i = 0; i < one.stop().items().size(); i++) {
          probabilities[at] = answer.probabilities()[i * answer.heads() + head];
          labels[at++] = one.stop().labels()[i * objectives.size() + t];
        }
      }
      byObjective.put(
          objectives.get(t).name(),
          Calibration.of(
              probabilities,
              labels,
              userOf,
              settings.confidence(),
              settings.seed().derive("calibration")));
    }
    return byObjective;
  }
}
