package io.winnow.benchmarks.ranker;

import io.winnow.benchmarks.Figures;
import io.winnow.benchmarks.Figures.Goal;
import io.winnow.benchmarks.Figures.Peer;
import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.models.network.Progress;
import io.winnow.models.ranker.HistorySpec;
import io.winnow.models.ranker.ItemFacts;
import io.winnow.models.ranker.Ranker;
import io.winnow.models.ranker.RankerConfig;
import io.winnow.models.ranker.RankerTrainer;
import io.winnow.models.ranker.RankingExamples;
import io.winnow.models.ranker.RankingMeasures;
import io.winnow.models.ranker.RequestHistory;
import io.winnow.models.ranker.TrainedRanker;
import io.winnow.simulator.ClickLog;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * The ranker, a factorisation machine and logistic regression on a {@link ClickLog}, whose true
 * probabilities are known.
 *
 * <p>All learn from the same rows in the order of time: the oldest 85 % of the slates train, the
 * next half of what is left stops the training and calibrates, and the newest half measures; each
 * knows the place of a row in training and not afterwards. Measured is what they say of a row
 * without its place:
 *
 * <ul>
 *   <li>{@code auc} against the clicks on the newest slates that were shown in random order. There
 *       the place says nothing of the item, so no prediction that does not know the place can, but
 *       for chance, beat the generator's own probability of a click if seen, whose AUC on the same
 *       rows is the peer.
 *   <li>{@code expected_auc}: the same without chance, over all of the newest rows: each counts as
 *       a click by its true probability at an average place.
 *   <li>{@code logged_auc}, {@code ece} and {@code log_loss} against the clicks on all of the
 *       newest slates, as they were logged. Calibration is by the log, where the older system puts
 *       good items further up: the probabilities are those of an outcome where such items are
 *       shown.
 * </ul>
 */
public final class RankerBenchmark {
  private static final double HELD_OUT = 0.15;
  private static final double AUC_GAP = 0.002;
  private static final double ECE_GOAL = 0.01;
  private static final double AHEAD = 0.01;
  private static final int FACTORS = 16;
  private static final int PLACES = 10;

  private final Config config;
  private final Consumer<String> progress;
  private final ClickLog log;
  private final RankingExamples examples;
  private final int train;
  private final int validation;
  private final Figures.Builder figures = new Figures.Builder("ranker");

  /**
   * What to run.
   *
   * @param slates of ten rows each
   * @param ranker how the ranker is trained
   * @param epochs of the factorisation machine and of logistic regression
   * @param seed decides the log and all weights
   */
  public record Config(int slates, RankerConfig ranker, int epochs, Seed seed) {
    /**
     * Two million rows. The ranker learns probabilities only; for as many rows it is wider, and
     * learns faster and longer, than by default.
     */
    public static Config defaults(Seed seed) {
      RankerConfig.Network network = new RankerConfig.Network(256, 64, 2, 1, 0.1);
      RankerConfig.Training training =
          new RankerConfig.Training(1024, 5, 6e-3, 0.03, 0, HELD_OUT, 3_600);
      return new Config(200_000, new RankerConfig(network, training), 4, seed);
    }

    /** The same on another number of slates. */
    public Config withSlates(int number) {
      return new Config(number, ranker, epochs, seed);
    }
  }

  private RankerBenchmark(Config config, Consumer<String> progress) {
    this.config = config;
    this.progress = progress;
    this.log = ClickLog.generate(ClickLog.Config.defaults(config.slates(), config.seed()));
    this.examples = examples(log);
    int slates = log.slates().size();
    int heldOut = Math.max(2, (int) Math.round(slates * config.ranker().training().holdOutShare()));
    this.train = slates - heldOut;
    this.validation = slates - heldOut / 2;
  }

  /**
   * Runs it to the end.
   *
   * @param progress hears lines for people
   */
  public static Figures run(Config config, Consumer<String> progress) {
    return new RankerBenchmark(config, progress).run();
  }

  private Figures run() {
    figures.count("rows", examples.rows(), "rows");
    figures.count("rows.measured", examples.rows() - first(), "rows");
    float[] ranker = ranker();
    BaselineInputs inputs = new BaselineInputs(examples, examples.groupOffsets()[train]);
    float[] machine = baseline("factorisation machine", inputs, FACTORS);
    float[] regression = baseline("logistic regression", inputs, 0);
    for (int t = 0; t < ClickLog.OUTCOMES.size(); t++) {
      compare(ClickLog.OUTCOMES.get(t), t, ranker, machine, regression);
    }
    return figures.build();
  }

  private int first() {
    return examples.groupOffsets()[validation];
  }

  private void compare(
      String objective, int t, float[] ranker, float[] machine, float[] regression) {
    float[] truth = truth(t);
    Measured own = measured(truth, t);
    Measured ours = measured(column(ranker, t), t);
    Measured fm = measured(column(machine, t), t);
    Measured lr = measured(column(regression, t), t);
    String name = objective + ".";
    figures
        .add(name + "auc", ours.auc, "AUC", new Peer("generator", own.auc))
        .add(name + "auc_gap", own.auc - ours.auc, "AUC", Goal.below(AUC_GAP))
        .add(name + "expected_auc", ours.expected, "AUC", new Peer("generator", own.expected))
        .add(name + "expected_auc_gap", own.expected - ours.expected, "AUC", Goal.below(AUC_GAP))
        .add(name + "logged_auc", ours.loggedAuc, "AUC", new Peer("generator", own.loggedAuc))
        .add(name + "logged_auc_gap", own.loggedAuc - ours.loggedAuc, "AUC", Goal.below(AUC_GAP))
        .add(name + "ece", ours.ece, "share", Goal.below(ECE_GOAL))
        .add(name + "log_loss", ours.logLoss, "nats")
        .add(name + "fm.auc", fm.auc, "AUC")
        .add(name + "fm.ece", fm.ece, "share")
        .add(name + "fm.log_loss", fm.logLoss, "nats")
        .add(name + "lr.auc", lr.auc, "AUC")
        .add(name + "lr.ece", lr.ece, "share")
        .add(name + "lr.log_loss", lr.logLoss, "nats")
        .add(name + "ahead_of_fm", ours.auc - fm.auc, "AUC", Goal.atLeast(AHEAD))
        .add(name + "ahead_of_lr", ours.auc - lr.auc, "AUC", Goal.atLeast(AHEAD));
  }

  /** Of one model and objective. */
  private record Measured(
      double auc, double expected, double loggedAuc, double ece, double logLoss) {}

  private Measured measured(float[] probabilities, int t) {
    float[] labels = new float[probabilities.length];
    int tasks = examples.tasks();
    for (int i = 0; i < labels.length; i++) {
      labels[i] = examples.outcomes().labels()[(first() + i) * tasks + t];
    }
    boolean[] shuffled = new boolean[labels.length];
    for (int s = validation; s < log.slates().size(); s++) {
      Arrays.fill(
          shuffled,
          log.slates().offsets()[s] - first(),
          log.slates().offsets()[s + 1] - first(),
          log.slates().shuffled()[s]);
    }
    return new Measured(
        RankingMeasures.auc(where(shuffled, probabilities), where(shuffled, labels)),
        expectedAuc(probabilities, truth(t)),
        RankingMeasures.auc(probabilities, labels),
        RankingMeasures.expectedCalibrationError(probabilities, labels),
        RankingMeasures.logLoss(probabilities, labels));
  }

  /** The share of pairs in the right order, each row an outcome and none by its probability. */
  private static double expectedAuc(float[] scores, float[] truth) {
    double place = 0;
    for (int i = 0; i < PLACES; i++) {
      place += ClickLog.seen(i) / PLACES;
    }
    Integer[] order = new Integer[scores.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, Comparator.comparingDouble(i -> scores[i]));
    double outcomes = 0;
    double others = 0;
    double pairs = 0;
    for (int i : order) {
      double p = truth[i] * place;
      pairs += p * (others + (1 - p) / 2);
      outcomes += p;
      others += 1 - p;
    }
    return pairs / (outcomes * others);
  }

  private static float[] where(boolean[] kept, float[] values) {
    float[] some = new float[values.length];
    int n = 0;
    for (int i = 0; i < values.length; i++) {
      if (kept[i]) {
        some[n++] = values[i];
      }
    }
    return Arrays.copyOf(some, n);
  }

  /** The generator's probability of an outcome if seen. */
  private float[] truth(int t) {
    float[] truth = new float[examples.rows() - first()];
    for (int i = 0; i < truth.length; i++) {
      float click = log.rows().clickIfSeen()[first() + i];
      truth[i] = t == 0 ? click : click * log.rows().longIfClicked()[first() + i];
    }
    return truth;
  }

  private float[] column(float[] matrix, int t) {
    int tasks = examples.tasks();
    float[] column = new float[matrix.length / tasks];
    for (int i = 0; i < column.length; i++) {
      column[i] = matrix[i * tasks + t];
    }
    return column;
  }

  private float[] ranker() {
    long began = System.nanoTime();
    int[] epochs = new int[1];
    TrainedRanker trained =
        new RankerTrainer(config.ranker(), config.seed(), TimeSource.system())
            .train(
                examples,
                epoch -> {
                  epochs[0] = epoch.epoch();
                  progress.accept(line(epoch));
                });
    double seconds = (System.nanoTime() - began) / 1e9;
    figures
        .add("train_seconds", seconds, "s")
        .add(
            "train.rows_per_second",
            (double) epochs[0] * examples.groupOffsets()[train] / seconds,
            "rows/s");
    return serve(trained);
  }

  private static String line(Progress.Epoch epoch) {
    return String.format(
        Locale.ROOT,
        "ranker: epoch %d of %d, loss %.4f, held-out loss %.4f",
        epoch.epoch(),
        epoch.epochs(),
        epoch.loss(),
        epoch.metric());
  }

  /** Asks the ranker as a server does: request by request, through its file. */
  private float[] serve(TrainedRanker trained) {
    int tasks = examples.tasks();
    int width = examples.featureNames().size();
    float[] all = new float[(examples.rows() - first()) * tasks];
    RankingExamples.History history = examples.history();
    try (Ranker ranker = Ranker.load(trained.onnx(), trained.spec())) {
      for (int r = validation; r < examples.requests(); r++) {
        int from = examples.groupOffsets()[r];
        int to = examples.groupOffsets()[r + 1];
        float[] relations = {};
        if (history != null) {
          List<ItemFacts> candidates = new ArrayList<>();
          for (int row = from; row < to; row++) {
            candidates.add(history.facts().get(history.candidates()[row]));
          }
          relations = history.requests().get(r).relations(history.spec(), candidates);
        }
        float[] probabilities =
            ranker.probabilities(
                Arrays.copyOfRange(examples.features(), from * width, to * width),
                to - from,
                new float[0],
                new float[0],
                relations);
        System.arraycopy(probabilities, 0, all, (from - first()) * tasks, probabilities.length);
      }
    }
    return all;
  }

  private float[] baseline(String name, BaselineInputs inputs, int factors) {
    progress.accept(name + ": " + inputs.width() + " columns");
    PairwiseModel.Config how = new PairwiseModel.Config(factors, config.epochs(), 2e-3, 0.01);
    return new PairwiseModel(examples, inputs, how, config.seed().derive(name))
        .trainAndPredict(train, validation);
  }

  /** The log as a ranker's examples: what it holds of user, context, item and history. */
  static RankingExamples examples(ClickLog log) {
    int width = log.items().width();
    List<ItemFacts> facts = new ArrayList<>();
    for (int i = 0; i < log.items().size(); i++) {
      // Genres and creators share one numbering.
      int[] attributes = {
        log.items().genres()[i], ClickLog.FEATURES.size() + log.items().creators()[i]
      };
      float[] vector = Arrays.copyOfRange(log.items().vectors(), i * width, (i + 1) * width);
      facts.add(ItemFacts.of(i, vector, attributes));
    }
    ClickLog.Histories all = log.slates().history();
    List<RequestHistory> requests = new ArrayList<>();
    for (int s = 0; s < log.slates().size(); s++) {
      int from = all.offsets()[s];
      int to = all.offsets()[s + 1];
      List<ItemFacts> items = new ArrayList<>();
      for (int event = from; event < to; event++) {
        items.add(facts.get(all.items()[event]));
      }
      float[] values = new float[to - from];
      Arrays.fill(values, Float.NaN);
      requests.add(
          new RequestHistory(
              items,
              Arrays.copyOfRange(all.types(), from, to),
              values,
              Arrays.copyOfRange(all.ageSeconds(), from, to)));
    }
    return new RankingExamples(
        ClickLog.FEATURES,
        log.rows().features(),
        log.slates().offsets(),
        RankingExamples.Embeddings.none(),
        new RankingExamples.Outcomes(
            ClickLog.OUTCOMES, new float[] {1, 1}, log.rows().outcomes(), log.rows().places()),
        new RankingExamples.History(
            new HistorySpec(ClickLog.EVENT_TYPES, ClickLog.HISTORY),
            requests,
            log.rows().items(),
            facts));
  }
}
