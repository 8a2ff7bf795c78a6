package io.winnow.models.encoder;

import io.winnow.core.ErrorCode;
import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.models.Interactions;
import io.winnow.models.network.Progress;
import io.winnow.models.network.Torch;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Trains query encoders and item embeddings. Every event of every history is a target once an
 * epoch; histories longer than L are cut at a new random place each epoch. Training stops early
 * when the held-out NDCG@10 of the averaged weights no longer rises, and the best epoch's are kept.
 * Stateless; each call trains on the calling thread. The same data, configuration and seed give the
 * same bytes, as long as the time budget does not bind.
 */
public final class EncoderTrainer {
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
    return train(interactions, tokens, previous, progress, null);
  }

  /**
   * Trains an encoder, or goes on with the same training where a checkpoint left it: the outcome is
   * the same. A checkpoint that is damaged or of other data, another configuration or seed is not
   * used, which {@code progress} hears.
   *
   * @param tokens what each of the N items is
   * @param previous where to continue from, or null
   * @param checkpoints where to keep the state; or null. It stays when the training is done, and
   *     then gives its outcome at once
   * @throws WinnowException as the method without checkpoints; UNAVAILABLE if a checkpoint is there
   *     and cannot be read
   */
  public TrainedEncoder train(
      Interactions interactions,
      ItemTokens tokens,
      @Nullable TrainedEncoder previous,
      Progress progress,
      @Nullable Checkpoints checkpoints) {
    return train(interactions, tokens, previous, null, progress, checkpoints);
  }

  /**
   * Goes on from an encoder with what is new to it.
   *
   * @param previous where to continue from
   * @param news which events it has not seen; null to learn from all of them alike
   * @param checkpoints where to keep the state; or null
   * @throws WinnowException as the methods without news
   */
  public TrainedEncoder train(
      Interactions interactions,
      ItemTokens tokens,
      @Nullable TrainedEncoder previous,
      @Nullable News news,
      Progress progress,
      @Nullable Checkpoints checkpoints) {
    check(interactions, tokens, previous);
    check(interactions, news);
    EncoderRun.Start start = new EncoderRun.Start(interactions, tokens, previous, news);
    EncoderRun run = new EncoderRun(config, seed, clock, start);
    EncoderRun.Saving saving = null;
    if (checkpoints != null) {
      String digest =
          TrainingDigest.of(Torch.platform(), config, seed, interactions, tokens, previous, news);
      saving = new EncoderRun.Saving(checkpoints, digest, progress);
      run = resume(run, saving, start);
    }
    try (Torch torch = Torch.open(seed, config.network().dropout())) {
      return run.train(torch, progress, saving);
    }
  }

  private EncoderRun resume(EncoderRun fresh, EncoderRun.Saving saving, EncoderRun.Start start) {
    Progress progress = saving.progress();
    try {
      if (saving.checkpoints().load(saving.digest(), fresh)) {
        progress.onNote("encoder", "goes on after " + fresh.epochsDone() + " epochs");
      }
      return fresh;
    } catch (WinnowException e) {
      if (e.code() != ErrorCode.CORRUPT) {
        throw e;
      }
      progress.onNote("encoder", "starts anew: " + e.getMessage());
      return new EncoderRun(config, seed, clock, start);
    }
  }

  private static void check(Interactions interactions, @Nullable News news) {
    if (news == null) {
      return;
    }
    int users = interactions.userCount();
    if (news.known().length != users) {
      throw WinnowException.invalid("news.known", news.known().length + " users", users + " users");
    }
    for (int user = 0; user < users; user++) {
      int events = interactions.userOffsets()[user + 1] - interactions.userOffsets()[user];
      int known = news.known()[user];
      if (known < 0 || known > events) {
        throw WinnowException.invalid("news.known[" + user + "]", known, "0 to " + events);
      }
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
}
