package io.winnow.events;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.Exposure;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a {@link LogRecord}: what a frame of the log carries.
 *
 * <p>One version byte, one kind byte, then the fields in the order of the record's declaration.
 * Strings are a varint length and UTF-8; times are zigzag varints; doubles and floats are their
 * little-endian bits, so that feature values come back bit for bit; attributes stand in the order
 * of their names, so that equal records have equal bytes on every machine. Bytes of every released
 * version are fixtures of the tests and stay readable.
 *
 * <p>Stateless and thread-safe.
 */
public final class LogCodec {
  /** The version that {@link #encode} writes. */
  static final int VERSION = 1;

  private static final int EVENT = 1;
  private static final int ITEM_PUT = 2;
  private static final int ITEM_REMOVED = 3;
  private static final int USER_PUT = 4;
  private static final int EXPOSED = 5;

  private static final int HAS_VALUE = 1;
  private static final int HAS_REQUEST = 2;
  private static final int HAS_IMPRESSION = 4;

  private static final int TEXT = 1;
  private static final int TOKENS = 2;
  private static final int NUMERIC = 3;
  private static final int TIME = 4;

  private LogCodec() {}

  /** The record's bytes; equal records give equal bytes. */
  public static byte[] encode(LogRecord logRecord) {
    ByteWriter out = new ByteWriter(128);
    encode(logRecord, out);
    return out.toByteArray();
  }

  /** Adds the record's bytes to a writer. */
  static void encode(LogRecord logRecord, ByteWriter out) {
    out.putByte(VERSION);
    switch (logRecord) {
      case LogRecord.Happened(Event event) -> {
        out.putByte(EVENT);
        putEvent(out, event);
      }
      case LogRecord.ItemPut put -> {
        out.putByte(ITEM_PUT);
        out.putString(put.item().value());
        out.putByte(put.available() ? 1 : 0);
        out.putSigned(put.timeMs());
        putAttributes(out, put.attributes());
      }
      case LogRecord.ItemRemoved removed -> {
        out.putByte(ITEM_REMOVED);
        out.putString(removed.item().value());
        out.putSigned(removed.timeMs());
      }
      case LogRecord.UserPut put -> {
        out.putByte(USER_PUT);
        out.putString(put.user().value());
        out.putSigned(put.timeMs());
        putAttributes(out, put.attributes());
      }
      case LogRecord.Exposed exposed -> {
        out.putByte(EXPOSED);
        putExposure(out, exposed.exposure());
        out.putSigned(exposed.timeMs());
      }
    }
  }

  /**
   * Where an encoded event has its id and its time: positions in the array.
   *
   * @param idFrom of the id's first byte of text
   * @param timeTo behind the time
   */
  record EventLayout(int idFrom, int idLength, int timeFrom, int timeTo) {}

  /** The layout of bytes that {@link #encode} wrote, or null if they are no event's. */
  static @Nullable EventLayout eventLayout(byte[] bytes, int from, int length) {
    ByteReader in = new ByteReader(bytes, from, length);
    in.getByte();
    if (in.getByte() != EVENT) {
      return null;
    }
    in.getByte();
    int idLength = in.getCount(1);
    int idFrom = in.position();
    in.skip(idLength);
    // Type, user, item.
    in.skip(in.getCount(1));
    in.skip(in.getCount(1));
    in.skip(in.getCount(1));
    int timeFrom = in.position();
    in.getVarint();
    return new EventLayout(idFrom, idLength, timeFrom, in.position());
  }

  /**
   * The record that the whole array holds.
   *
   * @throws WinnowException {@code CORRUPT} if the bytes are no record of a known version
   */
  public static LogRecord decode(byte[] bytes) {
    return decode(bytes, 0, bytes.length);
  }

  /**
   * The record that a part of an array holds.
   *
   * @throws WinnowException {@code CORRUPT} if the bytes are no record of a known version
   */
  public static LogRecord decode(byte[] bytes, int from, int length) {
    ByteReader in = new ByteReader(bytes, from, length);
    int version = in.getByte();
    if (version != VERSION) {
      throw in.corrupt("version " + version + " (expected: " + VERSION + ")");
    }
    LogRecord logRecord;
    try {
      logRecord = getRecord(in);
    } catch (WinnowException e) {
      throw e.problems().isEmpty() ? e : in.corrupt(String.valueOf(e.getMessage()));
    }
    if (in.remaining() != 0) {
      throw in.corrupt(in.remaining() + " bytes too many");
    }
    return logRecord;
  }

  private static LogRecord getRecord(ByteReader in) {
    int kind = in.getByte();
    return switch (kind) {
      case EVENT -> new LogRecord.Happened(getEvent(in));
      case ITEM_PUT -> {
        ItemId item = new ItemId(in.getString());
        boolean available = in.getByte() != 0;
        long timeMs = in.getSigned();
        yield new LogRecord.ItemPut(item, getAttributes(in), available, timeMs);
      }
      case ITEM_REMOVED -> new LogRecord.ItemRemoved(new ItemId(in.getString()), in.getSigned());
      case USER_PUT -> {
        UserId user = new UserId(in.getString());
        long timeMs = in.getSigned();
        yield new LogRecord.UserPut(user, getAttributes(in), timeMs);
      }
      case EXPOSED -> new LogRecord.Exposed(getExposure(in), in.getSigned());
      default -> throw in.corrupt("kind " + kind);
    };
  }

  private static void putExposure(ByteWriter out, Exposure exposure) {
    out.putString(exposure.requestId());
    out.putString(exposure.user().value());
    out.putString(exposure.unit());
    out.putString(exposure.experiment());
    out.putVarint(exposure.run());
    out.putString(exposure.arm());
    out.putDouble(exposure.probability());
    out.putVarint(exposure.context().size());
    new TreeMap<>(exposure.context())
        .forEach((name, value) -> {
          out.putString(name);
          out.putString(value);
        });
  }

  private static Exposure getExposure(ByteReader in) {
    String requestId = in.getString();
    UserId user = new UserId(in.getString());
    String unit = in.getString();
    String experiment = in.getString();
    int run = (int) in.getVarint();
    String arm = in.getString();
    double probability = in.getDouble();
    int count = in.getCount(2);
    Map<String, String> context = HashMap.newHashMap(count);
    for (int i = 0; i < count; i++) {
      context.put(in.getString(), in.getString());
    }
    return new Exposure(requestId, user, unit, experiment, run, arm, probability, context);
  }

  private static void putEvent(ByteWriter out, Event event) {
    String requestId = event.requestId();
    Impression impression = event.impression();
    out.putByte(
        (event.hasValue() ? HAS_VALUE : 0)
            | (requestId != null ? HAS_REQUEST : 0)
            | (impression != null ? HAS_IMPRESSION : 0));
    out.putString(event.id());
    out.putString(event.type());
    out.putString(event.user().value());
    out.putString(event.item().value());
    out.putSigned(event.timeMs());
    if (event.hasValue()) {
      out.putDouble(event.value());
    }
    if (requestId != null) {
      out.putString(requestId);
    }
    if (impression != null) {
      putImpression(out, impression);
    }
  }

  private static Event getEvent(ByteReader in) {
    int flags = in.getByte();
    String id = in.getString();
    String type = in.getString();
    UserId user = new UserId(in.getString());
    ItemId item = new ItemId(in.getString());
    long timeMs = in.getSigned();
    double value = (flags & HAS_VALUE) != 0 ? in.getDouble() : Double.NaN;
    @Nullable String requestId = (flags & HAS_REQUEST) != 0 ? in.getString() : null;
    @Nullable Impression impression = (flags & HAS_IMPRESSION) != 0 ? getImpression(in) : null;
    return new Event(id, type, user, item, timeMs, value, requestId, impression);
  }

  private static void putImpression(ByteWriter out, Impression impression) {
    out.putString(impression.requestId());
    out.putVarint(impression.position());
    out.putDouble(impression.propensity());
    out.putString(impression.provenance().release());
    out.putString(impression.provenance().arm());
    out.putString(impression.provenance().source());
    out.putDouble(impression.provenance().score());
    out.putSigned(impression.asOfOffset());
    out.putFixed64(impression.schemaHash());
    out.putVarint(impression.features().length);
    for (float feature : impression.features()) {
      out.putFixed32(Float.floatToRawIntBits(feature));
    }
  }

  private static Impression getImpression(ByteReader in) {
    String requestId = in.getString();
    int position = (int) in.getVarint();
    double propensity = in.getDouble();
    Impression.Provenance provenance =
        new Impression.Provenance(in.getString(), in.getString(), in.getString(), in.getDouble());
    long asOfOffset = in.getSigned();
    long schemaHash = in.getFixed64();
    float[] features = new float[in.getCount(Float.BYTES)];
    for (int i = 0; i < features.length; i++) {
      features[i] = Float.intBitsToFloat(in.getFixed32());
    }
    return new Impression(
        requestId, position, propensity, provenance, asOfOffset, schemaHash, features);
  }

  private static void putAttributes(ByteWriter out, Map<String, AttributeValue> attributes) {
    out.putVarint(attributes.size());
    new TreeMap<>(attributes)
        .forEach((name, value) -> {
          out.putString(name);
          putAttribute(out, value);
        });
  }

  private static void putAttribute(ByteWriter out, AttributeValue value) {
    switch (value) {
      case AttributeValue.Text(String text) -> {
        out.putByte(TEXT);
        out.putString(text);
      }
      case AttributeValue.Tokens(List<String> values) -> {
        out.putByte(TOKENS);
        out.putVarint(values.size());
        values.forEach(out::putString);
      }
      case AttributeValue.Numeric(double number) -> {
        out.putByte(NUMERIC);
        out.putDouble(number);
      }
      case AttributeValue.Time(long epochMs) -> {
        out.putByte(TIME);
        out.putSigned(epochMs);
      }
    }
  }

  private static Map<String, AttributeValue> getAttributes(ByteReader in) {
    int count = in.getCount(3);
    Map<String, AttributeValue> attributes = HashMap.newHashMap(count);
    for (int i = 0; i < count; i++) {
      attributes.put(in.getString(), getAttribute(in));
    }
    return attributes;
  }

  private static AttributeValue getAttribute(ByteReader in) {
    int kind = in.getByte();
    return switch (kind) {
      case TEXT -> new AttributeValue.Text(in.getString());
      case TOKENS -> {
        int count = in.getCount(1);
        List<String> values = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
          values.add(in.getString());
        }
        yield new AttributeValue.Tokens(values);
      }
      case NUMERIC -> new AttributeValue.Numeric(in.getDouble());
      case TIME -> new AttributeValue.Time(in.getSigned());
      default -> throw in.corrupt("attribute kind " + kind);
    };
  }
}
