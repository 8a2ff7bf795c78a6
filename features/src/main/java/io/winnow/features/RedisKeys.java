package io.winnow.features;

import io.winnow.core.UserId;
import java.nio.charset.StandardCharsets;

/**
 * The names of the keys of one epoch; see {@link RedisDatabase}. It owns its arrays, and nobody
 * changes them.
 *
 * @param meta the one key that outlives an epoch
 * @param epoch its name
 * @param base with which every other key begins
 */
record RedisKeys(
    byte[] meta,
    byte[] epoch,
    String base,
    byte[] offsets,
    byte[] items,
    byte[] checkpoint,
    byte[] leases,
    byte[] workers) {
  RedisKeys(String prefix, String epoch) {
    this(prefix + epoch + ":", bytes(prefix + "meta"), bytes(epoch));
  }

  private RedisKeys(String base, byte[] meta, byte[] epoch) {
    this(
        meta,
        epoch,
        base,
        bytes(base + "offsets"),
        bytes(base + "items"),
        bytes(base + "checkpoint"),
        bytes(base + "leases"),
        bytes(base + "workers"));
  }

  /** A user's hash. */
  byte[] user(UserId user) {
    return bytes(users() + user.value());
  }

  /** With which the keys of all users begin. */
  String users() {
    return base + "u:";
  }

  /** A chunk of entries on their way to the items. */
  byte[] staged(String name, int chunk) {
    return bytes(base + "staged:" + name + ":" + chunk);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
