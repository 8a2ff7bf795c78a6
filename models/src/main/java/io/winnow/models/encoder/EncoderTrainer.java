package io.winnow.models.encoder;

import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.models.Interactions;
import io.winnow.models.encoder.EncoderBatch.Window;
import io.winnow.models.network.Adam;
import io.winnow.models.network.Parameter;
import io.winnow.models.network.Progress;
import io.winnow.models.network.Schedule;
import io.winnow.models.network.Torch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Trains query encoders and item embeddings. Every event of every history is a target once an
 * epoch; histories longer than L are cut at a new random place each epoch. Training stops early
 * when the held-out NDCG@10 no longer rises, and the best epoch's weights are kept. Stateless; each
 * call trains on the calling thread. The same data, configuration and seed give the same bytes, as
 * long as the time budget does not bind.
 */
public final class EncoderTrainer {
  private static final float MAX_GRADIENT_NORM = 5;
  private static final int MIN_BATCHES = 30;
  private static final int MIN_BATCH_POSITIONS = 256;

  private final EncoderConfig config;
  private final Seed seed;
  private final TimeSource clock;

  /** A trainer. */
  public EncoderTrainer(EncoderConfig config, Seed seed, TimeSource clock) {
    this.config = config;
    this.seed = seed.derive("encoder");
    this.clock = clock;
  }

  /**
   * Trains an encoder.
   *
   * @param tokens what each of the N items is
   * @param previous where to continue from: an encoder of the same shape, whose items and tokens
   *     are the first of these; or null
   * @throws WinnowException INVALID_ARGUMENT if the parts do not fit or nobody has two events;
   *     INTERNAL if the loss stops being a number (nothing is returned, so the caller keeps what it
   *     has)
   */
  public TrainedEncoder train(
      Interactions interactions,
      ItemTokens tokens,
      @Nullable TrainedEncoder previous,
      Progress progress) {
    check(interactions, tokens, previous);
    EncoderNetwork network = new EncoderNetwork(config.network(), seed.generator("weights"));
    List<Parameter> parameters = network.parameters();
    if (previous != null) {
      for (int i = 0; i < parameters.size(); i++) {
        parameters.get(i).set(previous.weights().get(i));
      }
    }
    int width = config.network().embeddingSize();
    ItemTable table = new ItemTable(tokens, width, previous, seed.generator("items"));
    try (Torch torch = Torch.open(seed, config.network().dropout())) {
      Run run = new Run(torch, network, parameters, table, interactions, progress);
      return run.train(tokens);
    }
  }

  private void check(
      Interactions interactions, ItemTokens tokens, @Nullable TrainedEncoder previous) {
    List<Problem> problems = new ArrayList<>();
    if (tokens.itemCount() != interactions.itemCount()) {
      problems.add(
          new Problem(
              "tokens.itemCount",
              Integer.toString(tokens.itemCount()),
              Integer.toString(interactions.itemCount())));
    }
    for (int item : interactions.items()) {
      if (item < 0 || item >= interactions.itemCount()) {
        problems.add(
            new Problem("items", Integer.toString(item), "0 to " + (interactions.itemCount() - 1)));
        break;
      }
    }
    if (previous != null) {
      EncoderConfig.Network n = config.network();
      List<Integer> shape = List.of(n.embeddingSize(), n.maxLength(), n.blocks());
      EncoderSpec spec = previous.spec();
      List<Integer> before = List.of(spec.embeddingSize(), spec.maxLength(), spec.blocks());
      if (!shape.equals(before)) {
        problems.add(
            new Problem("[embeddingSize, maxLength, blocks]", shape + "", "previous " + before));
      }
    }
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems);
    }
  }

  /** One training. */
  private final class Run {
    private final Torch torch;
    private final EncoderNetwork network;
    private final List<Parameter> parameters;
    private final ItemTable table;
    private final Interactions interactions;
    private final Progress progress;
    private final HeldOut heldOut;
    private final EncoderBatch batch;
    private final Adam adam;
    private final RandomGenerator order = seed.generator("order");
    private long step;

    private double bestNdcg = Double.NEGATIVE_INFINITY;
    private List<float[]> bestWeights = List.of();
    private float[] bestItems = {};
    private float[] bestTokens = {};

    Run(
        Torch torch,
        EncoderNetwork network,
        List<Parameter> parameters,
        ItemTable table,
        Interactions interactions,
        Progress progress) {
      this.torch = torch;
      this.network = network;
      this.parameters = parameters;
      this.table = table;
      this.interactions = interactions;
      this.progress = progress;
      this.heldOut = HeldOut.of(interactions);
      NegativeSampler sampler = new NegativeSampler(interactions.itemCounts(), config.sampling());
      this.batch = new EncoderBatch(interactions, sampler);
      this.adam = new Adam(parameters, (float) config.training().weightDecay(), MAX_GRADIENT_NORM);
    }

    TrainedEncoder train(ItemTokens tokens) {
      EncoderConfig.Training training = config.training();
      List<Window[]> batches = batches();
      if (batches.isEmpty()) {
        throw WinnowException.invalid(
            "interactions", interactions.size() + " events", "a user with at least two");
      }
      Schedule schedule =
          new Schedule(
              clock,
              training.epochs() * batches.size(),
              training.learningRate(),
              training.maxSeconds());
      double loss = Double.NaN;
      int epoch = 0;
      int worse = 0;
      while (epoch < training.epochs() && !schedule.isDone() && worse < training.patience()) {
        epoch++;
        loss = epoch(epoch == 1 ? batches : batches(), schedule);
        Schedule.checkLoss("encoder", epoch, loss);
        float[] items = table.itemVectors();
        double ndcg =
            heldOut.ndcg(
                torch,
                network,
                items,
                config.network().embeddingSize(),
                config.network().maxLength());
        worse = keepBest(ndcg, items) ? 0 : worse + 1;
        progress.onEpoch(
            new Progress.Epoch(
                "encoder",
                epoch,
                training.epochs(),
                loss,
                "held-out ndcg@10",
                ndcg,
                schedule.secondsLeft()));
      }
      double ndcg = heldOut.size() == 0 ? Double.NaN : bestNdcg;
      return finish(tokens, new EncoderMetrics(epoch, loss, heldOut.size(), ndcg));
    }

    private double epoch(List<Window[]> batches, Schedule schedule) {
      double sum = 0;
      long positions = 0;
      for (Window[] windows : batches) {
        if (schedule.isDone()) {
          break;
        }
        batch.fill(windows, seed.generator("negatives-" + step));
        int[] items = batch.items();
        boolean[] dropped = new boolean[items.length];
        RandomGenerator idDropout = seed.generator("id-dropout-" + step);
        for (int i = 0; i < items.length; i++) {
          boolean drop = idDropout.nextDouble() < config.sampling().idDropout();
          dropped[i] = drop && table.hasTokens(items[i]);
        }
        Parameter leaf = table.gather(items, dropped);
        sum += batch.step(torch, step++, network, leaf) * batch.positions();
        positions += batch.positions();
        float rate = schedule.nextLearningRate();
        adam.step(rate);
        table.step(items, dropped, leaf.gradient(), rate);
      }
      return sum / Math.max(1, positions);
    }

    /** Without held-out users every epoch counts as better than the one before. */
    private boolean keepBest(double ndcg, float[] items) {
      if (ndcg <= bestNdcg) {
        return false;
      }
      bestNdcg = Double.isNaN(ndcg) ? bestNdcg : ndcg;
      bestWeights = parameters.stream().map(p -> p.values().clone()).toList();
      bestItems = items;
      bestTokens = table.tokenVectors();
      return true;
    }

    private TrainedEncoder finish(ItemTokens tokens, EncoderMetrics metrics) {
      for (int i = 0; i < parameters.size(); i++) {
        parameters.get(i).set(bestWeights.get(i));
      }
      EncoderSpec spec =
          new EncoderSpec(
              config.network().embeddingSize(),
              config.network().maxLength(),
              interactions.itemCount(),
              tokens.vocabularySize(),
              config.network().blocks(),
              metrics);
      return new TrainedEncoder(bestItems, bestTokens, network.write(), spec, bestWeights);
    }

    /** An epoch's windows, in batches of windows of about the same length, in random order. */
    private List<Window[]> batches() {
      Window[] windows = windows();
      int positions = 0;
      for (Window window : windows) {
        positions += window.length();
      }
      int size =
          Math.min(
              config.training().batchPositions(),
              Math.max(MIN_BATCH_POSITIONS, positions / MIN_BATCHES));
      List<Window[]> batches = new ArrayList<>();
      for (int from = 0; from < windows.length; ) {
        int to = from;
        // Sorted by length, so the last is the longest: all are padded to it.
        while (to < windows.length
            && (to == from || (to + 1 - from) * windows[to].length() <= size)) {
          to++;
        }
        batches.add(Arrays.copyOfRange(windows, from, to));
        from = to;
      }
      shuffle(batches);
      return batches;
    }

    /** Every user's events cut into windows of at most L inputs, the first cut at random. */
    private Window[] windows() {
      int length = config.network().maxLength();
      List<Window> windows = new ArrayList<>();
      for (int user = 0; user < interactions.userCount(); user++) {
        int start = interactions.userOffsets()[user];
        int targets = heldOut.trainEnd(user) - start - 1;
        int first = targets > length ? 1 + order.nextInt(length) : targets;
        for (int done = 0; done < targets; ) {
          int take = Math.min(done == 0 ? first : length, targets - done);
          windows.add(new Window(start + done, take));
          done += take;
        }
      }
      shuffle(windows);
      windows.sort(Comparator.comparingInt(Window::length));
      return windows.toArray(Window[]::new);
    }

    private void shuffle(List<?> list) {
      Collections.shuffle(list, Random.from(order));
    }
  }
}
