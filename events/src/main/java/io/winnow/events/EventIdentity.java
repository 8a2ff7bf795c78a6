package io.winnow.events;

import java.util.Arrays;

/**
 * What deduplication compares: 128 bits for the event's id, and 64 bits for its encoded content but
 * for the time. An event that comes without a time gets that of its arrival, and sent again it gets
 * another: it is the same event all the same.
 *
 * <p>Both are {@link SipHash} under the secret key of the id index, so that nobody can choose an id
 * that collides with another's. Two of n ids collide by chance with probability n²/2¹²⁹: for a
 * hundred thousand million ids that is below 2·10⁻¹⁷. They are computed from the encoded bytes,
 * which are the same when a record is appended and when it is replayed.
 *
 * <p>Thread-safe.
 */
final class EventIdentity {
  /** An identity takes so many longs: the id's two, then the content's. */
  static final int LONGS = 3;

  private final SipHash beforeTime;
  private final SipHash afterTime;

  EventIdentity(long key0, long key1) {
    this.beforeTime = new SipHash(key0, key1);
    // Another key, so that what stands before the time cannot be traded for what stands behind.
    this.afterTime = new SipHash(~key0, key1);
  }

  /**
   * Computes the identity of an encoded event.
   *
   * @param bytes hold a record that {@link LogCodec} wrote
   * @param out takes {@value #LONGS} longs at {@code at}; zeros if the record is no event and so
   *     has no identity
   */
  void of(byte[] bytes, int from, int length, long[] out, int at) {
    LogCodec.EventLayout layout = LogCodec.eventLayout(bytes, from, length);
    if (layout == null) {
      none(out, at);
      return;
    }
    beforeTime.hash128(bytes, layout.idFrom(), layout.idLength(), out, at);
    long content = beforeTime.hash64(bytes, from, layout.timeFrom() - from);
    int rest = from + length - layout.timeTo();
    out[at + 2] = rest == 0 ? content : content ^ afterTime.hash64(bytes, layout.timeTo(), rest);
  }

  /** Sets the zeros that stand for no identity. */
  static void none(long[] out, int at) {
    Arrays.fill(out, at, at + LONGS, 0);
  }

  /** Whether an identity is that of an event, for which both words are 0 in one of 2¹²⁸ cases. */
  static boolean isEvent(long[] identities, int at) {
    return (identities[at] | identities[at + 1]) != 0;
  }
}
