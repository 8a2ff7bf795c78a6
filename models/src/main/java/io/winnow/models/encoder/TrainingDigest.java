package io.winnow.models.encoder;

import io.winnow.core.Seed;
import io.winnow.models.Interactions;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** A digest of everything that decides what a training gives: SHA-256 in hexadecimal. */
final class TrainingDigest {
  private static final int BLOCK = 1 << 14;

  /** To be changed with any change to what a step does. */
  private static final String ALGORITHM = "gated-1";

  private final MessageDigest digest;
  private final ByteBuffer block = ByteBuffer.allocate(BLOCK * Long.BYTES);

  private TrainingDigest() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /**
   * @param platform what else decides the last bits: a training that goes on elsewhere is another
   */
  static String of(
      String platform,
      EncoderConfig config,
      Seed seed,
      Interactions interactions,
      ItemTokens tokens,
      @Nullable TrainedEncoder previous,
      @Nullable News news) {
    TrainingDigest all = new TrainingDigest();
    all.add(ALGORITHM);
    all.add(platform);
    all.add(config.toString());
    all.add(Long.toString(seed.value()));
    all.add(Integer.toString(interactions.itemCount()));
    all.add(interactions.userOffsets());
    all.add(interactions.items());
    all.add(interactions.timesMs());
    all.add(Integer.toString(tokens.vocabularySize()));
    all.add(tokens.offsets());
    all.add(tokens.tokens());
    if (previous != null) {
      all.add(previous.itemVectors());
      all.add(previous.tokenVectors());
      previous.weights().forEach(all::add);
    }
    if (news != null) {
      all.add(news.known());
      all.add(Double.toString(news.rehearsal()));
    }
    return HexFormat.of().formatHex(all.digest.digest());
  }

  private void add(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).flip());
    digest.update(bytes);
  }

  private void add(int[] values) {
    add(Integer.toString(values.length));
    for (int from = 0; from < values.length; from += BLOCK) {
      int n = Math.min(BLOCK, values.length - from);
      block.asIntBuffer().put(values, from, n);
      digest.update(block.array(), 0, n * Integer.BYTES);
    }
  }

  private void add(long[] values) {
    add(Integer.toString(values.length));
    for (int from = 0; from < values.length; from += BLOCK) {
      int n = Math.min(BLOCK, values.length - from);
      block.asLongBuffer().put(values, from, n);
      digest.update(block.array(), 0, n * Long.BYTES);
    }
  }

  private void add(float[] values) {
    add(Integer.toString(values.length));
    for (int from = 0; from < values.length; from += BLOCK) {
      int n = Math.min(BLOCK, values.length - from);
      block.asFloatBuffer().put(values, from, n);
      digest.update(block.array(), 0, n * Float.BYTES);
    }
  }
}
