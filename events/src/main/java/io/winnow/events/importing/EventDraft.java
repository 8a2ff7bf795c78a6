package io.winnow.events.importing;

import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.events.LogCodec;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * An event on its way from a row to the log: its time may not be known yet, nor its id.
 *
 * @param event if its time is unknown, with the last known one above it in the file, or 0; if its
 *     id is to be derived, with a placeholder
 */
record EventDraft(Event event, boolean timeKnown, boolean idDerived) {
  private static final String PLACEHOLDER = "-";
  private static final int TIME_KNOWN = 1;
  private static final int ID_DERIVED = 2;

  /** A draft whose id is derived from the content. */
  static EventDraft withoutId(
      String type, UserId user, ItemId item, long timeMs, boolean timeKnown, double value) {
    return new EventDraft(new Event(PLACEHOLDER, type, user, item, timeMs, value), timeKnown, true);
  }

  byte[] encode() {
    byte[] bytes = LogCodec.encode(new LogRecord.Happened(event));
    byte[] flagged = new byte[bytes.length + 1];
    flagged[0] = (byte) ((timeKnown ? TIME_KNOWN : 0) | (idDerived ? ID_DERIVED : 0));
    System.arraycopy(bytes, 0, flagged, 1, bytes.length);
    return flagged;
  }

  static EventDraft decode(byte[] flagged) {
    if (LogCodec.decode(flagged, 1, flagged.length - 1)
        instanceof LogRecord.Happened(Event event)) {
      return new EventDraft(event, (flagged[0] & TIME_KNOWN) != 0, (flagged[0] & ID_DERIVED) != 0);
    }
    throw new IllegalStateException("a draft holds an event");
  }

  EventDraft at(long timeMs) {
    return new EventDraft(copy(event.id(), timeMs), true, idDerived);
  }

  private Event copy(String id, long timeMs) {
    return new Event(id, event.type(), event.user(), event.item(), timeMs, event.value());
  }

  /** 128 bits that only events of the same type, user, item, time and value share. */
  ContentKey contentKey(MessageDigest digest) {
    for (String part : new String[] {event.type(), event.user().value(), event.item().value()}) {
      byte[] utf8 = part.getBytes(StandardCharsets.UTF_8);
      digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(utf8.length).flip());
      digest.update(utf8);
    }
    ByteBuffer numbers =
        ByteBuffer.allocate(2 * Long.BYTES)
            .putLong(event.timeMs())
            .putLong(Double.doubleToLongBits(event.value()));
    digest.update(numbers.flip());
    ByteBuffer hash = ByteBuffer.wrap(digest.digest());
    return new ContentKey(hash.getLong(), hash.getLong());
  }

  /** The event with an id that derives from its content and how many equal ones came before it. */
  Event identified(ContentKey key, int occurrence) {
    String id =
        "import-"
            + HexFormat.of().toHexDigits(key.high())
            + HexFormat.of().toHexDigits(key.low())
            + (occurrence == 0 ? "" : "-" + occurrence);
    return copy(id, event.timeMs());
  }

  /** A hash of the content. */
  record ContentKey(long high, long low) {}
}
