package io.winnow.events;

import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.LogRecord;
import io.winnow.core.WinnowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * What deduplication compares: 128 bits of SHA-256 of the event's id, so that nobody can choose an
 * id that collides with another's, and 64 bits of its encoded content but for the time. An event
 * that comes without a time gets that of its arrival, and sent again it gets another: it is the
 * same event all the same.
 */
record EventIdentity(long idHigh, long idLow, long content) {
  /** What stands for the id alone. */
  record Id(long high, long low) {}

  Id id() {
    return new Id(idHigh, idLow);
  }

  /** A digest for {@link #of}; for one thread. */
  static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new WinnowException(ErrorCode.INTERNAL, "every JDK has SHA-256", e);
    }
  }

  /** The identity of an event. */
  static EventIdentity of(MessageDigest digest, Event event) {
    ByteBuffer id = ByteBuffer.wrap(digest.digest(event.id().getBytes(StandardCharsets.UTF_8)));
    Event timeless =
        new Event(
            event.id(),
            event.type(),
            event.user(),
            event.item(),
            0,
            event.value(),
            event.requestId(),
            event.impression());
    byte[] encoded = LogCodec.encode(new LogRecord.Happened(timeless));
    long content = ByteBuffer.wrap(digest.digest(encoded)).getLong();
    return new EventIdentity(id.getLong(0), id.getLong(8), content);
  }

  byte[] key() {
    return ByteBuffer.allocate(2 * Long.BYTES).putLong(idHigh).putLong(idLow).array();
  }
}
