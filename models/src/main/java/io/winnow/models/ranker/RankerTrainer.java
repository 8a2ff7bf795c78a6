package io.winnow.models.ranker;

import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.models.Interruption;
import io.winnow.models.network.Adam;
import io.winnow.models.network.OnnxWriter;
import io.winnow.models.network.Parameter;
import io.winnow.models.network.Progress;
import io.winnow.models.network.Schedule;
import io.winnow.models.network.Torch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Trains rankers: on the older requests, with the latest held out (the first half of those stops
 * the training and calibrates, the second half measures). Where a row was shown is an input of
 * training only: it adds to the logits there, and what is served leaves it out. The weights kept
 * are the running average at the end of the best epoch. Stateless; each call trains on the calling
 * thread. The same examples, configuration and seed give the same bytes, as long as the time budget
 * does not bind.
 */
public final class RankerTrainer {
  private static final int MIN_REQUESTS = 10;
  private static final int MIN_STEPS = 400;
  private static final int MAX_EPOCHS = 40;
  private static final int MIN_BATCH_ROWS = 128;
  private static final int EVALUATION_ROWS = 8192;
  private static final int SIMILARITY_SAMPLE = 20_000;
  private static final int PATIENCE = 3;
  private static final float MAX_GRADIENT_NORM = 5;

  private final RankerConfig config;
  private final Seed seed;
  private final TimeSource clock;

  /** A trainer. */
  public RankerTrainer(RankerConfig config, Seed seed, TimeSource clock) {
    this.config = config;
    this.seed = seed.derive("ranker");
    this.clock = clock;
  }

  /**
   * Trains a ranker.
   *
   * @throws WinnowException INVALID_ARGUMENT if there are too few requests or no outcome at all;
   *     INTERNAL if the loss stops being a number (nothing is returned, so the caller keeps what it
   *     has)
   */
  public TrainedRanker train(RankingExamples examples, Progress progress) {
    return train(examples, null, progress);
  }

  /**
   * Goes on with a ranker's training: from its weights, with columns prepared as it did, for the
   * configured epochs and no more, however small the data is.
   *
   * @param start must have no {@link RankerWeights#obstacles}; null to begin anew
   * @throws WinnowException as {@link #train(RankingExamples, Progress)}
   */
  public TrainedRanker train(
      RankingExamples examples, @Nullable RankerWeights start, Progress progress) {
    Split split = Split.of(examples, config.training().holdOutShare());
    Preprocessing features =
        start != null
            ? start.features()
            : Preprocessing.fit(
                examples.features(), split.trainRows(examples), examples.featureNames().size());
    Preprocessing similarity = start != null ? start.similarity() : fitSimilarity(examples, split);
    BaseRates rates = new BaseRates(examples, split.trainRows(examples));
    List<RankerNetwork> members = new ArrayList<>();
    for (int m = 0; m < config.network().members(); m++) {
      Seed own = seed.derive("member" + m);
      RankerNetwork network =
          new RankerNetwork(
              "m" + m,
              config.network(),
              features,
              similarity,
              spec(examples),
              rates,
              own.generator("weights"));
      if (start != null) {
        set(network.parameters(), start.members().get(m));
      }
      Run run = new Run(own, rates.lossFactors(), epochs(examples, split, start != null));
      train(network, examples, split, run, progress);
      members.add(network);
    }
    TrainedRanker trained = finish(members, examples, split);
    List<List<float[]>> weights = new ArrayList<>();
    for (RankerNetwork member : members) {
      weights.add(member.parameters().stream().map(p -> p.values().clone()).toList());
    }
    return new TrainedRanker(
        trained.onnx(),
        trained.spec(),
        new RankerWeights(config.network(), features, similarity, weights));
  }

  private static void set(List<Parameter> parameters, List<float[]> weights) {
    if (weights.size() != parameters.size()) {
      throw WinnowException.invalid(
          "ranker.weights", weights.size() + " arrays", parameters.size() + " arrays");
    }
    for (int p = 0; p < weights.size(); p++) {
      parameters.get(p).set(weights.get(p));
    }
  }

  /** Small data is gone through more often, unless it only adds to what was learnt before. */
  private int epochs(RankingExamples examples, Split split, boolean goesOn) {
    if (goesOn) {
      return config.training().epochs();
    }
    int stepsPerEpoch = countBatches(examples, identity(split.train), batchRows(examples, split));
    int epochs = Math.clamp((MIN_STEPS + stepsPerEpoch - 1) / stepsPerEpoch, 1, MAX_EPOCHS);
    return Math.max(config.training().epochs(), epochs);
  }

  private int batchRows(RankingExamples examples, Split split) {
    int rows = Math.max(1, split.trainRows(examples));
    return Math.min(config.training().batchRows(), Math.max(MIN_BATCH_ROWS, rows / 50));
  }

  /** What one network's training has of its own. */
  private record Run(Seed seed, float[] lossFactors, int epochs) {}

  private static @Nullable HistorySpec spec(RankingExamples examples) {
    RankingExamples.History history = examples.history();
    return history == null ? null : history.spec();
  }

  /**
   * Which requests train (0 … train-1), stop and calibrate (train … validation-1), and measure
   * (validation … requests-1).
   */
  private record Split(int train, int validation, int requests) {
    static Split of(RankingExamples examples, double holdOutShare) {
      int requests = examples.requests();
      if (requests < MIN_REQUESTS) {
        throw WinnowException.invalid("requests", requests, "at least " + MIN_REQUESTS);
      }
      int heldOut = Math.max(2, (int) Math.round(requests * holdOutShare));
      Split split = new Split(requests - heldOut, requests - heldOut / 2, requests);
      int rows = split.trainRows(examples);
      for (int row = 0; row < rows; row++) {
        if (examples.gain(row) > 0) {
          return split;
        }
      }
      throw WinnowException.invalid(
          "labels", "no outcome in " + rows + " rows to train on", "at least one");
    }

    int trainRows(RankingExamples examples) {
      return examples.groupOffsets()[train];
    }
  }

  private static Preprocessing fitSimilarity(RankingExamples examples, Split split) {
    int width = examples.embeddings().width();
    if (width == 0) {
      return Preprocessing.fit(new float[0], 0, 0);
    }
    int rows = split.trainRows(examples);
    int stride = Math.max(1, rows / SIMILARITY_SAMPLE);
    int sampled = (rows + stride - 1) / stride;
    float[] values = new float[sampled * (width + 2)];
    int at = 0;
    for (int request = 0; request < split.train; request++) {
      int start = examples.groupOffsets()[request];
      for (int row = start; row < examples.groupOffsets()[request + 1]; row++) {
        if (row % stride == 0) {
          similarity(examples.embeddings(), request, row, values, at);
          at += width + 2;
        }
      }
    }
    return Preprocessing.fit(values, sampled, width + 2);
  }

  private static void similarity(
      RankingExamples.Embeddings embeddings, int request, int row, float[] values, int at) {
    int width = embeddings.width();
    int query = request * width;
    int item = embeddings.items()[row] * width;
    float dot = 0;
    float queryNorm = 0;
    float itemNorm = 0;
    for (int e = 0; e < width; e++) {
      float q = embeddings.queryVectors()[query + e];
      float i = embeddings.itemVectors()[item + e];
      values[at + e] = q * i;
      dot += q * i;
      queryNorm += q * q;
      itemNorm += i * i;
    }
    values[at + width] = dot;
    values[at + width + 1] = dot / (float) Math.sqrt(queryNorm * itemNorm + 1e-12f);
  }

  private void train(
      RankerNetwork network, RankingExamples examples, Split split, Run run, Progress progress) {
    RankerConfig.Training training = config.training();
    int batchRows = batchRows(examples, split);
    int[] order = identity(split.train);
    int stepsPerEpoch = countBatches(examples, order, batchRows);
    int epochs = run.epochs;
    double seconds = training.maxSeconds() / config.network().members();
    List<Parameter> parameters = network.parameters();
    Adam adam = new Adam(parameters, (float) training.weightDecay(), MAX_GRADIENT_NORM);
    RandomGenerator random = run.seed.generator("order");
    RankerBatch batch = new RankerBatch(examples, run.lossFactors);
    KeptWeights kept = new KeptWeights(parameters, training.averaging(), PATIENCE);
    try (Torch torch = Torch.open(run.seed, config.network().dropout())) {
      Schedule schedule =
          new Schedule(clock, epochs * stepsPerEpoch, training.learningRate(), seconds);
      for (int epoch = 1; epoch <= epochs && !schedule.isDone(); epoch++) {
        shuffle(order, random);
        double loss = 0;
        int steps = 0;
        for (int from = 0; from < order.length && !schedule.isDone(); steps++) {
          int to = batchEnd(examples, order, from, batchRows);
          Interruption.check("ranker");
          batch.fill(order, from, to);
          double one = torch.step(parameters, batch.loss(network, training.listwiseShare()));
          Schedule.checkLoss("ranker", epoch, one);
          loss += one;
          adam.step(schedule.nextLearningRate());
          kept.add();
          from = to;
        }
        loss /= Math.max(1, steps);
        Schedule.checkLoss("ranker", epoch, loss);
        kept.swap();
        for (Parameter parameter : parameters) {
          Schedule.checkWeights("ranker", epoch, parameter.values());
        }
        double heldOut = validationLoss(torch, network, examples, split, batch);
        Schedule.checkLoss("ranker", epoch, heldOut);
        progress.onEpoch(
            new Progress.Epoch(
                "ranker", epoch, epochs, loss, "held-out loss", heldOut, schedule.secondsLeft()));
        boolean better = kept.offer(heldOut);
        kept.swap();
        if (!better) {
          break;
        }
      }
    }
    kept.restore();
  }

  private static int[] identity(int size) {
    int[] order = new int[size];
    Arrays.setAll(order, i -> i);
    return order;
  }

  private static void shuffle(int[] order, RandomGenerator random) {
    for (int i = order.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
  }

  private static int countBatches(RankingExamples examples, int[] order, int batchRows) {
    int batches = 0;
    for (int from = 0; from < order.length; batches++) {
      from = batchEnd(examples, order, from, batchRows);
    }
    return batches;
  }

  /** The end of a batch of whole requests with about {@code rows} rows. */
  private static int batchEnd(RankingExamples examples, int[] order, int from, int rows) {
    int[] offsets = examples.groupOffsets();
    int sum = 0;
    int to = from;
    while (to < order.length && (to == from || sum < rows)) {
      sum += offsets[order[to] + 1] - offsets[order[to]];
      to++;
    }
    return to;
  }

  private double validationLoss(
      Torch torch,
      RankerNetwork network,
      RankingExamples examples,
      Split split,
      RankerBatch batch) {
    int[] order = identity(split.requests);
    double sum = 0;
    for (int from = split.train; from < split.validation; ) {
      int to = Math.min(split.validation, batchEnd(examples, order, from, EVALUATION_ROWS));
      batch.fill(order, from, to);
      double loss = torch.evaluate(batch.loss(network, config.training().listwiseShare()))[0];
      sum += loss * (to - from);
      from = to;
    }
    return sum / (split.validation - split.train);
  }

  private TrainedRanker finish(List<RankerNetwork> members, RankingExamples examples, Split split) {
    int[] offsets = examples.groupOffsets();
    int from = offsets[split.train];
    int middle = offsets[split.validation];
    int to = offsets[split.requests];
    float[] logits = logits(members, examples, split);
    List<Calibration> calibrations = new ArrayList<>();
    List<RankerMetrics.Head> heads = new ArrayList<>();
    int tasks = examples.tasks();
    float[] scores = new float[to - middle];
    for (int t = 0; t < tasks; t++) {
      float[] labels = examples.outcomes().labels();
      Calibration calibration =
          Calibration.fit(
              column(logits, t, tasks, 0, middle - from), column(labels, t, tasks, from, middle));
      float[] raw = column(logits, t, tasks, middle - from, to - from);
      float[] served = calibration.apply(raw);
      heads.add(head(examples, t, raw, served, column(labels, t, tasks, middle, to)));
      for (int i = 0; i < scores.length; i++) {
        scores[i] += examples.outcomes().weights()[t] * served[i];
      }
      calibrations.add(calibration);
    }
    RankerMetrics metrics =
        new RankerMetrics(heads, meanNdcg(examples, split, scores), from, to - middle);
    List<Float> weights = new ArrayList<>();
    for (float weight : examples.outcomes().weights()) {
      weights.add(weight);
    }
    RankerSpec spec =
        new RankerSpec(
            examples.featureNames(),
            examples.embeddings().width(),
            examples.outcomes().objectives(),
            weights,
            metrics,
            spec(examples));
    return new TrainedRanker(write(members, calibrations, spec), spec);
  }

  private static RankerMetrics.Head head(
      RankingExamples examples, int task, float[] raw, float[] served, float[] labels) {
    int positives = 0;
    for (float label : labels) {
      positives += label > 0.5f ? 1 : 0;
    }
    return new RankerMetrics.Head(
        examples.outcomes().objectives().get(task),
        positives,
        RankingMeasures.auc(served, labels),
        RankingMeasures.logLoss(served, labels),
        RankingMeasures.expectedCalibrationError(Calibration.identity().apply(raw), labels),
        RankingMeasures.expectedCalibrationError(served, labels));
  }

  private static double meanNdcg(RankingExamples examples, Split split, float[] scores) {
    int[] offsets = examples.groupOffsets();
    int base = offsets[split.validation];
    double sum = 0;
    int counted = 0;
    for (int r = split.validation; r < split.requests; r++) {
      float[] gains = new float[offsets[r + 1] - offsets[r]];
      for (int i = 0; i < gains.length; i++) {
        gains[i] = examples.gain(offsets[r] + i);
      }
      float[] own = Arrays.copyOfRange(scores, offsets[r] - base, offsets[r + 1] - base);
      double ndcg = RankingMeasures.ndcg(own, gains, 10);
      if (!Double.isNaN(ndcg)) {
        sum += ndcg;
        counted++;
      }
    }
    return sum / counted;
  }

  /** Column t of rows from … to-1 of a matrix (…, tasks). */
  private static float[] column(float[] matrix, int t, int tasks, int from, int to) {
    float[] column = new float[to - from];
    for (int i = 0; i < column.length; i++) {
      column[i] = matrix[(from + i) * tasks + t];
    }
    return column;
  }

  /** The members' mean logits on the held-out requests, shape (held-out rows, T). */
  private float[] logits(List<RankerNetwork> members, RankingExamples examples, Split split) {
    int[] offsets = examples.groupOffsets();
    int base = offsets[split.train];
    int tasks = examples.tasks();
    float[] sum = new float[(offsets[split.requests] - base) * tasks];
    int[] order = identity(split.requests);
    RankerBatch batch = new RankerBatch(examples, new float[tasks]);
    try (Torch torch = Torch.open(seed, 0)) {
      for (int from = split.train; from < split.requests; ) {
        int to = batchEnd(examples, order, from, EVALUATION_ROWS);
        batch.fill(order, from, to);
        int at = (offsets[from] - base) * tasks;
        for (RankerNetwork member : members) {
          float[] logits = torch.evaluate(batch.logitsOf(member));
          for (int i = 0; i < batch.rows() * tasks; i++) {
            sum[at + i] += logits[i] / members.size();
          }
        }
        from = to;
      }
    }
    return sum;
  }

  private static byte[] write(
      List<RankerNetwork> members, List<Calibration> calibrations, RankerSpec spec) {
    OnnxWriter g = new OnnxWriter("ranker");
    int tasks = spec.objectives().size();
    String rows = g.input(Ranker.FEATURES, List.of("C", "" + spec.featureNames().size()));
    boolean vectors = spec.embeddingSize() > 0;
    String query = vectors ? g.input(Ranker.QUERY, List.of("1", "" + spec.embeddingSize())) : rows;
    String items = vectors ? g.input(Ranker.ITEMS, List.of("C", "" + spec.embeddingSize())) : rows;
    HistorySpec seen = spec.history();
    String history =
        seen == null ? rows : g.input(Ranker.HISTORY, List.of("C", "L", "" + seen.columns()));
    String sum = members.getFirst().logits(g, rows, query, items, history);
    for (RankerNetwork member : members.subList(1, members.size())) {
      sum = g.add(sum, member.logits(g, rows, query, items, history));
    }
    float[] slopes = new float[tasks];
    float[] offsets = new float[tasks];
    for (int t = 0; t < tasks; t++) {
      slopes[t] = calibrations.get(t).slope() / members.size();
      offsets[t] = calibrations.get(t).offset();
    }
    String scaled = g.multiply(sum, g.constant(slopes, 1, tasks));
    String shifted = g.add(scaled, g.constant(offsets, 1, tasks));
    g.output(g.sigmoid(shifted), Ranker.PROBABILITIES, List.of("C", "" + tasks));
    return g.toBytes();
  }
}
