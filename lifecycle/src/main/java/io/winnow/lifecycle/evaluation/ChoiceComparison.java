package io.winnow.lifecycle.evaluation;

import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.events.RecordSource;
import io.winnow.features.FeatureReader;
import io.winnow.features.PointInTimeReplay;
import io.winnow.lifecycle.CallerRunsExecutor;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.RequestStages.Moment;
import io.winnow.lifecycle.RequestStages.Ranked;
import io.winnow.lifecycle.ServingRelease;
import io.winnow.lifecycle.Shards;
import io.winnow.lifecycle.TrainingRequest;
import io.winnow.lifecycle.TrainingRequests;
import io.winnow.models.Interruption;
import io.winnow.ranking.reranking.Slate.Placed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Asks several releases for the same choices: each is frozen, the feature store and the histories
 * are as they were at that moment, as in serving. What makes one time harder to predict than
 * another is common to all of them and cancels when they are compared.
 *
 * <p>Immutable; uses as many threads as it was given.
 */
public final class ChoiceComparison {
  private static final Duration NO_LIMIT = Duration.ofMinutes(1);

  private final ApplicationDefinition application;
  private final RecordSource records;
  private final List<TrainingRequest.Chosen> choices;
  private final int threads;

  /** Reads the log once for its choices. */
  public ChoiceComparison(ApplicationDefinition application, RecordSource records, int threads) {
    this.application = application;
    this.records = records;
    this.threads = threads;
    TrainingRequests requests = new TrainingRequests(application);
    records.replay(requests);
    this.choices = List.copyOf(requests.choices());
  }

  /** How many choices the log has. */
  public int choices() {
    return choices.size();
  }

  /**
   * When a choice happened.
   *
   * @param index 0 to {@link #choices()} - 1, in log order
   */
  public long timeMs(int index) {
    return choices.get(index).timeMs();
  }

  /** How many choices lie below an offset. */
  public int choicesBefore(long offset) {
    int low = 0;
    int high = choices.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (choices.get(middle).asOfOffset() < offset) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** Where the log stood at a choice: models that know the records below have not seen it. */
  public long offset(int index) {
    return choices.get(index).asOfOffset();
  }

  /**
   * What the releases of one comparison are asked.
   *
   * @param from the first choice's index
   * @param to behind the last one's
   * @param max evenly thinned to so many
   */
  public record Window(int from, int to, int max) {
    /** Checks the order. */
    public Window {
      if (from < 0 || to <= from || max < 1) {
        throw WinnowException.invalid(
            "window", from + " to " + to + ", at most " + max, "at least one choice");
      }
    }
  }

  /**
   * What came of it.
   *
   * @param targetsByUser how many choices each user had, users in the order of their first; owned
   *     by this
   * @param ndcgByUser each release's sum of NDCG@10 by user, in the order of the releases; owned by
   *     this
   */
  public record Answers(int[] targetsByUser, List<double[]> ndcgByUser) {
    /** Copies the list. */
    public Answers {
      ndcgByUser = List.copyOf(ndcgByUser);
    }

    /** How many choices were asked for. */
    public int targets() {
      int sum = 0;
      for (int targets : targetsByUser) {
        sum += targets;
      }
      return sum;
    }

    /**
     * The 95 % confidence interval {low, high} of one release's NDCG@10 minus another's, users
     * resampled.
     */
    public double[] differenceInterval(int release, int minus, Seed seed) {
      double[][] means =
          new UserBootstrap(targetsByUser, seed, 1)
              .means(List.of(ndcgByUser.get(release), ndcgByUser.get(minus)));
      return UserBootstrap.differenceInterval(means[0], means[1]);
    }

    /** Mean NDCG@10 of a release over all choices. */
    public double ndcg(int release) {
      double sum = 0;
      for (double value : ndcgByUser.get(release)) {
        sum += value;
      }
      return sum / targets();
    }
  }

  /**
   * Asks the releases.
   *
   * @throws WinnowException with {@code INVALID_ARGUMENT} if one has seen a choice of the window,
   *     {@code UNAVAILABLE} if the thread is interrupted
   */
  public Answers answer(Window window, List<Release> releases) {
    for (Release release : releases) {
      long seen = release.manifest().provenance().toOffset();
      if (seen > offset(window.from())) {
        throw WinnowException.invalid(
            "release " + release.version() + ".to_offset",
            seen,
            "at most " + offset(window.from()) + ", where the choices to predict begin");
      }
    }
    List<TrainingRequest.Chosen> targets = targets(window);
    int shards = Math.min(threads, targets.size());
    List<double[][]> byShard = Shards.run(shards, shard -> shard(targets, releases, shard, shards));
    Map<UserId, Integer> users = new HashMap<>();
    for (TrainingRequest.Chosen target : targets) {
      users.putIfAbsent(target.user(), users.size());
    }
    int[] counts = new int[users.size()];
    List<double[]> sums = new ArrayList<>();
    for (int release = 0; release < releases.size(); release++) {
      sums.add(new double[users.size()]);
    }
    for (int t = 0; t < targets.size(); t++) {
      int user = users.getOrDefault(targets.get(t).user(), -1);
      counts[user]++;
      for (int release = 0; release < releases.size(); release++) {
        sums.get(release)[user] += byShard.get(t % shards)[t / shards][release];
      }
    }
    return new Answers(counts, sums);
  }

  private List<TrainingRequest.Chosen> targets(Window window) {
    int all = window.to() - window.from();
    int kept = Math.min(all, window.max());
    List<TrainingRequest.Chosen> targets = new ArrayList<>(kept);
    for (int i = 0; i < kept; i++) {
      targets.add(choices.get(window.from() + (int) ((long) i * all / kept)));
    }
    return targets;
  }

  /** NDCG@10 of every release for the targets s, s + S, s + 2 S, …: shape (targets, releases). */
  private double[][] shard(
      List<TrainingRequest.Chosen> targets, List<Release> releases, int shard, int shards) {
    List<TrainingRequest.Chosen> mine = new ArrayList<>();
    for (int t = shard; t < targets.size(); t += shards) {
      mine.add(targets.get(t));
    }
    double[][] values = new double[mine.size()][releases.size()];
    List<ServingRelease> serving = new ArrayList<>();
    PointInTimeReplay.play(
        records,
        application,
        mine.stream().mapToLong(TrainingRequest.Chosen::asOfOffset).toArray(),
        (index, reader) -> {
          Interruption.check("evaluation");
          if (serving.isEmpty()) {
            for (Release release : releases) {
              serving.add(new ServingRelease(release, reader, new CallerRunsExecutor()));
            }
          }
          for (int release = 0; release < values[index].length; release++) {
            values[index][release] = ndcg(serving.get(release), reader, mine.get(index));
          }
        });
    return values;
  }

  private static double ndcg(
      ServingRelease serving, FeatureReader reader, TrainingRequest.Chosen target) {
    int item = reader.catalog().indexOf(target.item());
    Moment moment = serving.moment(target.user(), Map.of(), _ -> true, target.timeMs());
    Ranked ranked = serving.rank(moment, serving.retrieve(moment, NO_LIMIT));
    int place = 0;
    for (Placed placed :
        serving.rerankWithoutExploration(moment, ranked, RankMetrics.TOP).placed()) {
      if (placed.item() == item) {
        return RankMetrics.discount(place);
      }
      place++;
    }
    return 0;
  }
}
