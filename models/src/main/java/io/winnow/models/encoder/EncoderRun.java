package io.winnow.models.encoder;

import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.models.Interactions;
import io.winnow.models.Interruption;
import io.winnow.models.ModelFile;
import io.winnow.models.encoder.EncoderBatch.Window;
import io.winnow.models.network.Adam;
import io.winnow.models.network.Averages;
import io.winnow.models.network.Parameter;
import io.winnow.models.network.Progress;
import io.winnow.models.network.Resumable;
import io.winnow.models.network.Schedule;
import io.winnow.models.network.Torch;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One training: its loop and its state. Every random choice follows from the seed and the number of
 * the epoch or the step, so the state holds no generator. Not thread-safe.
 */
final class EncoderRun implements Resumable {
  private static final float MAX_GRADIENT_NORM = 5;
  private static final double SHORTEST_AVERAGE = 10;
  private static final long PART_MS = 30_000;

  private final EncoderConfig config;
  private final Seed seed;
  private final TimeSource clock;
  private final Interactions interactions;
  private final ItemTokens tokens;
  private final HeldOut heldOut;
  private final Epochs epochs;
  private final EncoderBatch batch;
  private final EncoderNetwork network;
  private final List<Parameter> parameters;
  private final Schedule schedule;
  private final Averages averages;
  private final ItemTable table;
  private final Adam adam;

  private List<Window[]> batches;
  private int epochsDone;
  private int batchesDone;
  private double lossSum;
  private long lossPositions;
  private double loss = Double.NaN;
  private int worse;
  private double bestNdcg = Double.NEGATIVE_INFINITY;
  private List<float[]> bestWeights = List.of();
  private float[] bestItems = {};
  private float[] bestTokens = {};
  private long heardMs;
  private long savedMs;

  /** What a training learns from and where it begins. */
  record Start(
      Interactions interactions,
      ItemTokens tokens,
      @Nullable TrainedEncoder previous,
      @Nullable News news) {}

  EncoderRun(EncoderConfig config, Seed seed, TimeSource clock, Start start) {
    this.config = config;
    this.seed = seed;
    this.clock = clock;
    this.interactions = start.interactions();
    this.tokens = start.tokens();
    this.heldOut = HeldOut.of(interactions, start.news());
    this.epochs = new Epochs(interactions, heldOut, config, seed, start.news());
    this.batches = epochs.batches(1);
    if (batches.isEmpty()) {
      throw WinnowException.invalid(
          "interactions", interactions.size() + " events", "a user with at least two");
    }
    EncoderConfig.Training training = config.training();
    this.schedule =
        new Schedule(
            clock,
            Math.multiplyExact(training.epochs(), batches.size()),
            training.learningRate(),
            training.maxSeconds());
    this.averages =
        new Averages(
            Math.clamp(1 - SHORTEST_AVERAGE / schedule.totalSteps(), 0, training.averaging()));
    this.network = new EncoderNetwork(config.network(), seed.generator("weights"));
    this.parameters = network.parameters();
    TrainedEncoder previous = start.previous();
    if (previous != null) {
      if (previous.weights().size() != parameters.size()) {
        throw WinnowException.invalid(
            "previous.weights", previous.weights().size(), parameters.size() + " arrays");
      }
      set(previous.weights());
    }
    averages.follow(parameters);
    int width = config.network().embeddingSize();
    this.table = new ItemTable(tokens, width, previous, seed.generator("items"), averages);
    NegativeSampler sampler = new NegativeSampler(interactions.itemCounts(), config.sampling());
    this.batch = new EncoderBatch(interactions, sampler);
    this.adam = new Adam(parameters, (float) training.weightDecay(), MAX_GRADIENT_NORM);
    this.heardMs = clock.nowMs();
    this.savedMs = heardMs;
  }

  /** How many epochs are done. */
  int epochsDone() {
    return epochsDone;
  }

  /** Trains to the end. */
  TrainedEncoder train(Torch torch, Progress progress, @Nullable Saving saving) {
    EncoderConfig.Training training = config.training();
    while (batchesDone > 0 || isWanted()) {
      epoch(torch, progress, saving);
      loss = lossSum / Math.max(1, lossPositions);
      Schedule.checkLoss("encoder", epochsDone + 1, loss);
      double ndcg = measure(torch);
      epochsDone++;
      batchesDone = 0;
      lossSum = 0;
      lossPositions = 0;
      save(saving);
      heardMs = clock.nowMs();
      progress.onEpoch(
          new Progress.Epoch(
              "encoder",
              epochsDone,
              training.epochs(),
              loss,
              "held-out ndcg@10",
              ndcg,
              isWanted() ? schedule.secondsLeft() : 0));
      if (isWanted()) {
        batches = epochs.batches(epochsDone + 1);
      }
    }
    return finish();
  }

  /** Whether another epoch is. */
  private boolean isWanted() {
    EncoderConfig.Training training = config.training();
    return epochsDone < training.epochs() && !schedule.isDone() && worse < training.patience();
  }

  private void epoch(Torch torch, Progress progress, @Nullable Saving saving) {
    while (batchesDone < batches.size() && !schedule.isDone()) {
      Interruption.check("encoder");
      step(torch, batches.get(batchesDone));
      batchesDone++;
      if (batchesDone == batches.size()) {
        break;
      }
      long now = clock.nowMs();
      if (saving != null && now - savedMs >= saving.checkpoints.everyMs()) {
        save(saving);
      }
      if (now - heardMs >= PART_MS) {
        heardMs = now;
        progress.onPart(
            new Progress.Part(
                "encoder",
                epochsDone + 1,
                config.training().epochs(),
                (double) batchesDone / batches.size(),
                lossSum / lossPositions,
                schedule.secondsLeft()));
      }
    }
  }

  private void step(Torch torch, Window[] windows) {
    int number = schedule.step();
    batch.fill(windows, seed.generator("negatives-" + number));
    int[] items = batch.items();
    boolean[] dropped = new boolean[items.length];
    RandomGenerator idDropout = seed.generator("id-dropout-" + number);
    for (int i = 0; i < items.length; i++) {
      boolean drop = idDropout.nextDouble() < config.sampling().idDropout();
      dropped[i] = drop && table.hasTokens(items[i]);
    }
    Parameter leaf = table.gather(items, dropped);
    double stepLoss = batch.step(torch, number, network, leaf);
    Schedule.checkLoss("encoder", epochsDone + 1, stepLoss);
    lossSum += stepLoss * batch.positions();
    lossPositions += batch.positions();
    float rate = schedule.nextLearningRate();
    averages.begin();
    adam.step(rate);
    table.step(items, dropped, leaf.gradient(), rate);
    averages.end();
  }

  /** Measures the averaged weights and keeps them if they are the best yet. */
  private double measure(Torch torch) {
    List<float[]> live = parameters.stream().map(p -> p.values().clone()).toList();
    List<float[]> averaged = averages.parameters();
    float[] items = table.itemVectors();
    averaged.forEach(weights -> Schedule.checkWeights("encoder", epochsDone + 1, weights));
    Schedule.checkWeights("encoder", epochsDone + 1, items);
    set(averaged);
    EncoderConfig.Network size = config.network();
    double ndcg = heldOut.ndcg(torch, network, items, size.embeddingSize(), size.maxLength());
    set(live);
    // Without held-out users every epoch counts as better than the one before.
    boolean better = !(ndcg <= bestNdcg);
    worse = better ? 0 : worse + 1;
    if (better) {
      bestNdcg = Double.isNaN(ndcg) ? bestNdcg : ndcg;
      bestWeights = averaged;
      bestItems = items;
      bestTokens = table.tokenVectors();
    }
    return ndcg;
  }

  private void set(List<float[]> weights) {
    for (int i = 0; i < parameters.size(); i++) {
      parameters.get(i).set(weights.get(i));
    }
  }

  private TrainedEncoder finish() {
    Schedule.checkWeights("encoder", epochsDone, bestTokens);
    set(bestWeights);
    double ndcg = heldOut.size() == 0 ? Double.NaN : bestNdcg;
    EncoderSpec spec =
        new EncoderSpec(
            config.network().embeddingSize(),
            config.network().maxLength(),
            interactions.itemCount(),
            tokens.vocabularySize(),
            config.network().blocks(),
            new EncoderMetrics(epochsDone, loss, heldOut.size(), ndcg));
    return new TrainedEncoder(bestItems, bestTokens, network.write(), spec, bestWeights);
  }

  /** Where and under which digest the state is saved, and who hears if it cannot be. */
  record Saving(Checkpoints checkpoints, String digest, Progress progress) {}

  private void save(@Nullable Saving saving) {
    if (saving == null) {
      return;
    }
    try {
      saving.checkpoints.save(saving.digest, this);
    } catch (WinnowException e) {
      // A full disk need not end an hour's training; the checkpoint before is still there.
      saving.progress.onNote("encoder", "checkpoint not written: " + e.getMessage());
    }
    savedMs = clock.nowMs();
  }

  @Override
  public void write(DataOutputStream out) throws IOException {
    schedule.write(out);
    adam.write(out);
    table.write(out);
    averages.write(out);
    out.writeInt(epochsDone);
    out.writeInt(batchesDone);
    out.writeDouble(lossSum);
    out.writeLong(lossPositions);
    out.writeDouble(loss);
    out.writeInt(worse);
    out.writeDouble(bestNdcg);
    out.writeInt(bestWeights.size());
    for (float[] weights : bestWeights) {
      ModelFile.writeFloats(out, weights);
    }
    ModelFile.writeFloats(out, bestItems);
    ModelFile.writeFloats(out, bestTokens);
  }

  @Override
  public void read(DataInputStream in) throws IOException {
    schedule.read(in);
    adam.read(in);
    table.read(in);
    averages.read(in);
    epochsDone = in.readInt();
    batchesDone = in.readInt();
    lossSum = in.readDouble();
    lossPositions = in.readLong();
    loss = in.readDouble();
    worse = in.readInt();
    bestNdcg = in.readDouble();
    int count = in.readInt();
    if (count != 0 && count != parameters.size()) {
      throw new IllegalArgumentException(
          "weights: " + count + " (expected: " + parameters.size() + ", or 0)");
    }
    List<float[]> weights = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      weights.add(ModelFile.readFloats(in));
    }
    bestWeights = weights;
    bestItems = ModelFile.readFloats(in);
    bestTokens = ModelFile.readFloats(in);
    batches = epochs.batches(epochsDone + 1);
  }
}
