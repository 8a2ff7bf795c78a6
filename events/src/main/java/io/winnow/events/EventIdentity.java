package io.winnow.events;

import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.WinnowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * What deduplication compares: 128 bits of SHA-256 of the event's id, so that nobody can choose an
 * id that collides with another's, and 64 bits of its encoded content.
 */
record EventIdentity(long idHigh, long idLow, long content) {
  /** A digest for {@link #of}; for one thread. */
  static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new WinnowException(ErrorCode.INTERNAL, "every JDK has SHA-256", e);
    }
  }

  /** The identity of an event with its encoded record. */
  static EventIdentity of(MessageDigest digest, Event event, byte[] payload, int from, int length) {
    ByteBuffer id = ByteBuffer.wrap(digest.digest(event.id().getBytes(StandardCharsets.UTF_8)));
    digest.update(payload, from, length);
    long content = ByteBuffer.wrap(digest.digest()).getLong();
    return new EventIdentity(id.getLong(0), id.getLong(8), content);
  }

  boolean sameId(EventIdentity other) {
    return idHigh == other.idHigh && idLow == other.idLow;
  }

  byte[] key() {
    return ByteBuffer.allocate(2 * Long.BYTES).putLong(idHigh).putLong(idLow).array();
  }
}
